import type { TurnSummary } from './relay/summarise-turn.ts';

/** What the webhook and the worker tell whoever runs the bot. Nothing that somebody wrote is in it. */
export interface ClientLog {
  /** @param updateId the update that it is about. */
  info(message: string, updateId?: number): void;
  /** The error's code and its chain of causes are told. */
  error(message: string, error: unknown, updateId?: number): void;
  /** What became of a turn, once it is over or paused. */
  turnOver(summary: TurnSummary, updateId: number): void;
}
