// one run's right to call the model: an unguessable token, what it has used, what went wrong, and its end
import type { Usage } from '@omnicloud/protocol';
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { AgentError } from '../errors.ts';
import { addUsage, NO_USAGE, totalTokens } from './message-usage.ts';

const TOKEN_BYTES = 32;

export interface GrantOptions {
  readonly sessionId: string;
  /** Input, output and cache tokens together, over all calls of the grant; no limit by default. */
  readonly tokenLimit?: number;
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
  readonly #closed = new AbortController();
  #usage: Usage = NO_USAGE;
  isOverBudget = false;
  failure: AgentError | undefined;

  constructor({ sessionId, tokenLimit = Infinity }: GrantOptions) {
    this.sessionId = sessionId;
    this.#tokenLimit = tokenLimit;
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

  /** @returns whether one more call may begin; calls that are under way at once may pass the limit together. */
  mayGenerate(): boolean {
    this.isOverBudget ||= totalTokens(this.#usage) >= this.#tokenLimit;
    return !this.isOverBudget;
  }

  /** @returns what takes the usage of one call, each time as its sum so far. */
  countCall(): (soFar: Usage) => void {
    let counted = NO_USAGE;
    return (soFar) => {
      this.#usage = addUsage(this.#usage, difference(soFar, counted));
      counted = soFar;
    };
  }

  close(): void {
    this.#closed.abort();
  }
}

/** Both sides of the comparison have one length, and neither is the token. */
function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

function difference(a: Usage, b: Usage): Usage {
  return {
    input_tokens: a.input_tokens - b.input_tokens,
    output_tokens: a.output_tokens - b.output_tokens,
    cache_read_input_tokens: a.cache_read_input_tokens - b.cache_read_input_tokens,
    cache_creation_input_tokens: a.cache_creation_input_tokens - b.cache_creation_input_tokens,
  };
}
