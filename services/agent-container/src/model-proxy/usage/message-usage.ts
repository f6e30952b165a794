// events of one message, as the model streams them → what it has cost so far
import type { Usage } from '@omnicloud/protocol';
import { z } from 'zod';

export const NO_USAGE: Usage = {
  input_tokens: 0,
  output_tokens: 0,
  cache_read_input_tokens: 0,
  cache_creation_input_tokens: 0,
};

const tokens = z.int().min(0).nullish();
const usageSchema = z.object({
  input_tokens: tokens,
  output_tokens: tokens,
  cache_read_input_tokens: tokens,
  cache_creation_input_tokens: tokens,
});
const messageSchema = z.object({ usage: usageSchema.nullish() });
const eventSchema = z.object({
  type: z.string(),
  message: messageSchema.optional(),
  usage: usageSchema.nullish(),
});

type Reported = z.infer<typeof usageSchema> | null | undefined;

/** @returns all tokens that count against a limit, those read from the cache among them. */
export function totalTokens(usage: Usage): number {
  return (
    usage.input_tokens +
    usage.output_tokens +
    usage.cache_read_input_tokens +
    usage.cache_creation_input_tokens
  );
}

export function addUsage(a: Usage, b: Usage): Usage {
  return {
    input_tokens: a.input_tokens + b.input_tokens,
    output_tokens: a.output_tokens + b.output_tokens,
    cache_read_input_tokens: a.cache_read_input_tokens + b.cache_read_input_tokens,
    cache_creation_input_tokens: a.cache_creation_input_tokens + b.cache_creation_input_tokens,
  };
}

/**
 * @param message a whole message, as an answer without a stream is one.
 * @throws ZodError when it is none.
 */
export function usageOf(message: unknown): Usage {
  return over(NO_USAGE, messageSchema.parse(message).usage);
}

/**
 * Usage of a streamed message: the numbers of `message_start` and `message_delta` are cumulative
 * (https://docs.claude.com/en/docs/build-with-claude/streaming). A message that is cut off never tells its output,
 * so until then every delta counts as the one token that it has at least.
 */
export class MessageUsage {
  #reported: Usage = NO_USAGE;
  #deltas = 0;

  /** @throws ZodError when it is no event of a message */
  add(event: unknown): void {
    const { type, message, usage } = eventSchema.parse(event);
    if (type === 'content_block_delta') this.#deltas += 1;
    this.#reported = over(this.#reported, type === 'message_start' ? message?.usage : usage);
  }

  get soFar(): Usage {
    return { ...this.#reported, output_tokens: Math.max(this.#reported.output_tokens, this.#deltas) };
  }
}

function over(known: Usage, reported: Reported): Usage {
  return {
    input_tokens: reported?.input_tokens ?? known.input_tokens,
    output_tokens: reported?.output_tokens ?? known.output_tokens,
    cache_read_input_tokens: reported?.cache_read_input_tokens ?? known.cache_read_input_tokens,
    cache_creation_input_tokens: reported?.cache_creation_input_tokens ?? known.cache_creation_input_tokens,
  };
}
