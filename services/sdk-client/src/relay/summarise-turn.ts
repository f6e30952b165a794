// the events of a run, the end of its delivery → one line about the turn, without a word of what was said
import type { RunEvent, Turn, WireErrorCode } from '@omnicloud/protocol';

/** What became of a turn, for whoever runs the bot. Nothing of a message, a file or a name is in it. */
export interface TurnSummary {
  /**
   * `paused`: the time limit was reached, and the turn goes on; `undelivered`: the answer is there and is sent later; `delivered`: such an
   * answer was sent; `handled`: the agent was not asked (a command, a refusal, a message that another one answers).
   */
  readonly outcome:
    'answered' | 'stopped' | 'paused' | 'failed' | 'given_up' | 'undelivered' | 'delivered' | 'handled';
  /** Why there is no answer, or why it was not saved. */
  readonly code?: WireErrorCode;
  readonly session_id?: string;
  /** From the moment the update was received, in ms. */
  readonly duration_ms: number;
  /** Turns of the agent's loop. */
  readonly steps?: number;
  /** How many tools were started. */
  readonly tools: number;
  /** What the model read, from its cache or not. */
  readonly input_tokens?: number;
  readonly output_tokens?: number;
  readonly cost_usd?: number;
}

/** Looks on while one delivery of a turn is handled. */
export class TurnWatch {
  readonly #turn: Turn;
  readonly #hadAnswer: boolean;
  #sessionId: string | undefined;
  #tools = 0;
  #end: Extract<RunEvent, { type: 'finished' | 'paused' | 'failed' }> | undefined;
  #hasAnswer = false;

  /** @param hadAnswer whether the agent had answered before this delivery. */
  constructor(turn: Turn, hadAnswer: boolean) {
    this.#turn = turn;
    this.#hadAnswer = hadAnswer;
  }

  see(event: RunEvent): void {
    if (event.type === 'accepted') this.#sessionId = event.session_id;
    if (event.type === 'answer') this.#hasAnswer = true;
    if (event.type === 'tool' && event.phase === 'started') this.#tools += 1;
    if (event.type === 'finished' || event.type === 'paused' || event.type === 'failed') this.#end = event;
  }

  /** @returns undefined when there is nothing to tell yet: the turn is tried again, for a reason that is logged as an error. */
  summary(delivery: 'done' | 'later' | 'retry' | 'given_up'): TurnSummary | undefined {
    const outcome = this.#outcome(delivery);
    if (outcome === undefined) return undefined;
    const end = this.#end;
    const result = end === undefined || end.type === 'failed' ? undefined : end;
    const { usage } = result ?? {};
    return {
      outcome,
      ...(end?.type === 'failed' ? { code: end.error.code } : {}),
      ...(this.#sessionId === undefined ? {} : { session_id: this.#sessionId }),
      // The clock of whoever received the update may be ahead of ours.
      duration_ms: Math.max(0, Date.now() - Date.parse(this.#turn.received_at)),
      tools: this.#tools,
      ...(result === undefined ? {} : { steps: result.turns, cost_usd: result.cost_usd }),
      ...(usage === undefined
        ? {}
        : {
            input_tokens:
              usage.input_tokens + usage.cache_read_input_tokens + usage.cache_creation_input_tokens,
            output_tokens: usage.output_tokens,
          }),
    };
  }

  #outcome(delivery: 'done' | 'later' | 'retry' | 'given_up'): TurnSummary['outcome'] | undefined {
    if (delivery === 'given_up') return 'given_up';
    if (delivery !== 'done') {
      if (this.#end?.type === 'paused') return 'paused';
      return this.#end?.type === 'finished' ? 'undelivered' : undefined;
    }
    switch (this.#end?.type) {
      case undefined:
        return this.#hadAnswer ? 'delivered' : 'handled';
      case 'finished':
        return this.#end.is_stopped ? 'stopped' : 'answered';
      case 'paused':
        // It may not go on any more, so what there is was the answer.
        return 'answered';
      case 'failed':
        return this.#hasAnswer && this.#end.error.code === 'store_unavailable' ? 'answered' : 'failed';
    }
  }
}

/** @returns the summary as one line for people. */
export function summaryLine(summary: TurnSummary, updateId: number): string {
  const { outcome, code, session_id: session, duration_ms: ms, steps, tools } = summary;
  const { input_tokens: read, output_tokens: written, cost_usd: cost } = summary;
  const details = [
    ...(session === undefined ? [] : [`session ${session}`]),
    ...(steps === undefined ? [] : [counted(steps, 'step')]),
    ...(session === undefined ? [] : [counted(tools, 'tool')]),
    ...(read === undefined || written === undefined ? [] : [`${read} tokens in, ${written} out`]),
    ...(cost === undefined ? [] : [`$${cost.toFixed(4)}`]),
    ...(code === undefined ? [] : [code]),
  ];
  const more = details.length === 0 ? '' : ` (${details.join(', ')})`;
  return `Update ${updateId}: ${outcome.replace('_', ' ')} after ${(ms / 1_000).toFixed(1)} s${more}`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
