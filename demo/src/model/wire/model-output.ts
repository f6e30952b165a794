import type { ModelRequest } from './model-request.ts';

/**
 * One piece of what a model answers, before any framing.
 * - `text`: a delta; neighbouring deltas form one text block.
 * - `tool_use`: a whole call.
 * - `error`: an HTTP error instead of an answer. Once the answer has begun, its `errorType` becomes an `exception`.
 * - `exception`: an exception frame within the stream, which ends it.
 * - `thinking`: a whole block of thought.
 * - `stop`: the answer ends here for this reason, as `stop_reason` names it, and not for the usual one.
 * - `end`: the stream ends as if it were whole, but without the end of the answer.
 * - `cut`: the connection ends without the end of the answer; as the first output, without even the headers.
 */
export type ModelOutput =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'tool_use'; readonly name: string; readonly input: Readonly<Record<string, unknown>> }
  | {
      readonly type: 'error';
      readonly status: ErrorStatus;
      readonly errorType: string;
      readonly message: string;
    }
  | { readonly type: 'exception'; readonly errorType: string; readonly message: string }
  | { readonly type: 'thinking'; readonly thinking: string }
  | { readonly type: 'stop'; readonly reason: string }
  | { readonly type: 'end' }
  | { readonly type: 'cut' };

/** The statuses that Bedrock's runtime documents for its errors. */
export type ErrorStatus = 400 | 403 | 404 | 408 | 413 | 424 | 429 | 500 | 503;

/**
 * A model. What it yields after `error`, `exception` or `cut` is not read.
 * @param signal aborted when the client has gone; whoever waits for something must wait for this too.
 */
export type Respond = (request: ModelRequest, signal: AbortSignal) => AsyncIterable<ModelOutput>;

export type Part = Extract<ModelOutput, { type: 'text' | 'tool_use' | 'thinking' | 'stop' }>;
export type Failure = Exclude<ModelOutput, Part>;

export function isPart(output: ModelOutput): output is Part {
  return ['text', 'tool_use', 'thinking', 'stop'].includes(output.type);
}
