// one call of a grant: what it has cost so far, or, when it is cut off before anybody said so, what it may have cost
import type { Usage } from '@omnicloud/protocol';
import { NO_USAGE } from '../usage/message-usage.ts';

/** What a call may cost, as far as it can be told before. */
export interface CallEstimate {
  readonly inputTokens: number;
  readonly maxOutputTokens: number;
  /** A streamed answer ends with its reader; another one is made to its end. */
  readonly isStreamed: boolean;
}

/** Begun by a grant; to be ended once. */
export class CountedCall {
  readonly #estimate: CallEstimate;
  readonly #add: (used: Usage) => void;
  readonly #release: () => void;
  #counted: Usage | undefined;

  /**
   * @param add takes what came to the usage.
   * @param release is called when the call has ended.
   */
  constructor(estimate: CallEstimate, add: (used: Usage) => void, release: () => void) {
    this.#estimate = estimate;
    this.#add = add;
    this.#release = release;
  }

  /** @param soFar the usage of the call, each time as its sum. */
  count(soFar: Usage): void {
    this.#add(difference(soFar, this.#counted ?? NO_USAGE));
    this.#counted = soFar;
  }

  /** The provider was asked and charges for it, but what it cost will not be heard: who hangs up in time calls for nothing otherwise. */
  cutOff(): void {
    if (this.#counted) return;
    const { inputTokens, maxOutputTokens, isStreamed } = this.#estimate;
    this.count({
      ...NO_USAGE,
      input_tokens: inputTokens,
      output_tokens: isStreamed ? 0 : maxOutputTokens,
    });
  }

  end(): void {
    this.#release();
  }
}

function difference(a: Usage, b: Usage): Usage {
  return {
    input_tokens: a.input_tokens - b.input_tokens,
    output_tokens: a.output_tokens - b.output_tokens,
    cache_read_input_tokens: a.cache_read_input_tokens - b.cache_read_input_tokens,
    cache_creation_input_tokens: a.cache_creation_input_tokens - b.cache_creation_input_tokens,
  };
}
