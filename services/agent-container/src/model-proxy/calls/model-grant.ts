// one run's right to call the model: an unguessable token, what it has used, what went wrong, and its end
import type { Usage } from '@omnicloud/protocol';
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import type { AgentError } from '../../errors.ts';
import { type CallEstimate, CountedCall } from './counted-call.ts';
import { addUsage, NO_USAGE, totalTokens } from '../usage/message-usage.ts';

const TOKEN_BYTES = 32;

export interface GrantOptions {
  readonly sessionId: string;
  /** Input, output and cache tokens together, over all calls of the grant; no limit by default. */
  readonly tokenLimit?: number;
  /**
   * Aborts when the run is to end; no further call is passed on then. Each waits until the CLI, which hears of the end a moment later, gives the call up
   * itself. A refusal would end the run as a failed one.
   */
  readonly stopped?: AbortSignal;
}

/** What the holder of a grant may see and do. */
export interface ModelGrant {
  readonly sessionId: string;
  /** The first segment of every path below it; whoever has it can call the model. */
  readonly token: string;
  /** Tokens of all calls so far, those of unfinished ones as far as they are known. */
  usage(): Usage;
  /** True once a call was refused because the limit was reached. */
  readonly isOverBudget: boolean;
  /** Why the proxy itself could not have the last call answered; nothing when the model's side did answer. */
  readonly failure: AgentError | undefined;
  /** From here on the token opens nothing, and what is still being answered is cut. */
  close(): void;
}

/** The proxy's side of a grant. */
export class OpenGrant implements ModelGrant {
  readonly sessionId: string;
  readonly token = randomBytes(TOKEN_BYTES).toString('base64url');
  readonly #digest = digestOf(this.token);
  readonly #tokenLimit: number;
  readonly #stopped: AbortSignal | undefined;
  readonly #closed = new AbortController();
  readonly #ends = new EventEmitter().setMaxListeners(0);
  #usage: Usage = NO_USAGE;
  #callsUnderWay = 0;
  #reservedTokens = 0;
  isOverBudget = false;
  failure: AgentError | undefined;

  constructor({ sessionId, tokenLimit = Infinity, stopped }: GrantOptions) {
    this.sessionId = sessionId;
    this.#tokenLimit = tokenLimit;
    this.#stopped = stopped;
  }

  /** Aborts when the grant is closed. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  usage(): Usage {
    return this.#usage;
  }

  isOpenedBy(token: string): boolean {
    return !this.closed.aborted && timingSafeEqual(digestOf(token), this.#digest);
  }

  /**
   * Reserves what the call may cost until it ends. One that could pass the limit together with others waits for those: only the
   * last call can pass it. One that comes when the run is stopped waits for its own end.
   * @returns nothing when the limit is reached.
   * @throws AbortError when the signal aborts while it waits
   */
  async beginCall(estimate: CallEstimate, signal: AbortSignal): Promise<CountedCall | undefined> {
    const reserved = estimate.inputTokens + estimate.maxOutputTokens;
    const isTooMuch = (): boolean =>
      totalTokens(this.#usage) + this.#reservedTokens + reserved > this.#tokenLimit;
    while (!this.#isUsedUp() && this.#callsUnderWay > 0 && isTooMuch())
      await once(this.#ends, 'end', { signal });
    if (this.#stopped?.aborted && !signal.aborted) await once(signal, 'abort');
    signal.throwIfAborted();
    if (this.#isUsedUp()) {
      this.isOverBudget = true;
      return undefined;
    }
    this.#callsUnderWay += 1;
    this.#reservedTokens += reserved;
    return new CountedCall(
      estimate,
      (used) => {
        this.#usage = addUsage(this.#usage, used);
      },
      () => {
        this.#callsUnderWay -= 1;
        this.#reservedTokens -= reserved;
        this.#ends.emit('end');
      },
    );
  }

  close(): void {
    this.#closed.abort();
  }

  #isUsedUp(): boolean {
    return this.isOverBudget || totalTokens(this.#usage) >= this.#tokenLimit;
  }
}

/** Both sides of the comparison have one length, and neither is the token. */
function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
