/** What operators look at; the unit stands in the name, without one it is a count. */
export type Measure =
  | 'TurnsAnswered'
  | 'TurnsFailed'
  | 'TurnsGivenUp'
  | 'UndecidableSends'
  | 'SessionBusy'
  | 'QueueMs'
  | 'RestoreMs'
  | 'RunMs'
  | 'PersistMs'
  | 'TurnMs'
  | 'InputTokens'
  | 'OutputTokens'
  | 'CostUsd';

/** Port: takes measurements. It must not throw, and nothing waits for it. */
export interface Meter {
  add(measure: Measure, value: number): void;
}

/** Measures nothing. */
export const SILENT_METER: Meter = { add: () => undefined };
