import type { RunEvent, Usage } from '@omnicloud/protocol';
import type { Outbox } from '../session/files/outbox.ts';
import type { SessionHome } from '../session/home/session-home.ts';

export interface AgentRun {
  readonly home: SessionHome;
  /** True when the home holds the conversation so far. */
  readonly isResumed: boolean;
  readonly prompt: string;
  /** Takes the files that the agent sends to the chat. */
  readonly outbox: Outbox;
  /** Ends the run at once, without a result; it then throws the signal's reason if that is an AgentError, and is killed without any grace. */
  readonly signal: AbortSignal;
  /** Interrupts the agent; the run then ends with what there is, and `isStopped`. */
  readonly stop: AbortSignal;
}

/** What one run cost. */
export interface RunSummary {
  readonly usage: Usage;
  readonly costUsd: number;
  /** Model calls that the run took. */
  readonly turns: number;
  readonly isStopped: boolean;
  /** The answer reached its output limit again and again, and ends there. */
  readonly isCut?: boolean;
}

export type RuntimeEvent =
  | Extract<RunEvent, { type: 'text' | 'tool' | 'todo' | 'notice' | 'answer' }>
  | ({ type: 'summary' } & RunSummary);

/**
 * Port: runs one turn of an agent in a session's home.
 * A run that succeeds yields exactly one `answer` and then one `summary`, both last; by then the home holds the whole turn.
 * @throws AgentError one of those that begin with `model_`, `context_full`, `output_limit`, `over_budget`, `agent_crashed` or `agent_overran`.
 */
export interface AgentRuntime {
  run(run: AgentRun): AsyncIterable<RuntimeEvent>;
}
