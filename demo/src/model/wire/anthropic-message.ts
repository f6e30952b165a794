// the parts of an answer → the stream events, or the one message, of Anthropic's Messages API
import { randomUUID } from 'node:crypto';
import type { Part } from './model-output.ts';
import type { ModelRequest } from './model-request.ts';

/** A usual rule of thumb for English; these counts are plausible, never exact. */
const BYTES_PER_TOKEN = 4;

/** Real ones are long; nobody here checks one. */
const SIGNATURE = 'c2lnbmF0dXJl';

interface ToolUse {
  type: 'tool_use';
  id: string;
  name: string;
  input: Readonly<Record<string, unknown>>;
}
type Block =
  { type: 'text'; text: string } | { type: 'thinking'; thinking: string; signature: string } | ToolUse;

/** One stream event; https://docs.claude.com/en/docs/build-with-claude/streaming lists them. */
export type MessageEvent = { readonly type: string } & Readonly<Record<string, unknown>>;

/** @returns about how many tokens a value's JSON is, at least 1. */
function estimateTokens(value: object): number {
  return Math.max(1, Math.ceil(Buffer.byteLength(JSON.stringify(value)) / BYTES_PER_TOKEN));
}

/** @returns about how many tokens the model would read. */
export function estimateInputTokens({ body }: ModelRequest): number {
  return estimateTokens([body.system ?? '', body.messages, body.tools ?? []]);
}

/** Turns parts into stream events, one answer per instance: `start`, any number of `add`, `end`. */
export class MessageEvents {
  readonly #message: ReturnType<typeof emptyMessage>;
  #index = 0;
  #isTextOpen = false;
  #isToolWanted = false;
  #outputBytes = 0;
  #reason: string | undefined;

  constructor(request: ModelRequest) {
    this.#message = emptyMessage(request);
  }

  start(): MessageEvent[] {
    return [{ type: 'message_start', message: this.#message }];
  }

  add(part: Part): MessageEvent[] {
    if (part.type === 'stop') {
      this.#reason = part.reason;
      return [];
    }
    this.#outputBytes += Buffer.byteLength(
      part.type === 'tool_use' ? JSON.stringify(part.input) : wordsOf(part),
    );
    if (part.type === 'thinking') {
      const thought = this.#blockStart({ type: 'thinking', thinking: '', signature: '' });
      const deltas = [
        this.#delta({ type: 'thinking_delta', thinking: part.thinking }),
        this.#delta({ type: 'signature_delta', signature: SIGNATURE }),
      ];
      return [...this.#closeText(), thought, ...deltas, this.#blockStop()];
    }
    if (part.type === 'text') {
      const delta = this.#delta({ type: 'text_delta', text: part.text });
      if (this.#isTextOpen) return [delta];
      this.#isTextOpen = true;
      return [this.#blockStart({ type: 'text', text: '' }), delta];
    }
    this.#isToolWanted = true;
    const before = this.#closeText();
    const start = this.#blockStart({ ...toolUse(part), input: {} });
    const delta = this.#delta({ type: 'input_json_delta', partial_json: JSON.stringify(part.input) });
    return [...before, start, delta, this.#blockStop()];
  }

  end(): MessageEvent[] {
    const delta = { stop_reason: this.#reason ?? stopReason(this.#isToolWanted), stop_sequence: null };
    const usage = { output_tokens: Math.max(1, Math.ceil(this.#outputBytes / BYTES_PER_TOKEN)) };
    return [...this.#closeText(), { type: 'message_delta', delta, usage }, { type: 'message_stop' }];
  }

  #closeText(): MessageEvent[] {
    if (!this.#isTextOpen) return [];
    this.#isTextOpen = false;
    return [this.#blockStop()];
  }

  #blockStart(block: Block): MessageEvent {
    return { type: 'content_block_start', index: this.#index, content_block: block };
  }

  #delta(delta: object): MessageEvent {
    return { type: 'content_block_delta', index: this.#index, delta };
  }

  #blockStop(): MessageEvent {
    const index = this.#index;
    this.#index += 1;
    return { type: 'content_block_stop', index };
  }
}

/** @returns the whole answer as one message, for a request that does not stream. */
export function wholeMessage(request: ModelRequest, parts: readonly Part[]): object {
  const content: Block[] = [];
  let reason: string | undefined;
  for (const part of parts) {
    const last = content.at(-1);
    if (part.type === 'stop') reason = part.reason;
    else if (part.type === 'tool_use') content.push(toolUse(part));
    else if (part.type === 'thinking')
      content.push({ type: 'thinking', thinking: part.thinking, signature: SIGNATURE });
    else if (last?.type === 'text') last.text += part.text;
    else content.push({ type: 'text', text: part.text });
  }
  const message = emptyMessage(request);
  return {
    ...message,
    content,
    stop_reason: reason ?? stopReason(parts.some((part) => part.type === 'tool_use')),
    usage: { ...message.usage, output_tokens: estimateTokens(content) },
  };
}

function emptyMessage(request: ModelRequest) {
  return {
    id: `msg_bdrk_${compactId()}`,
    type: 'message',
    role: 'assistant',
    model: request.modelId,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: {
      input_tokens: estimateInputTokens(request),
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      output_tokens: 1,
    },
  };
}

function toolUse(part: Extract<Part, { type: 'tool_use' }>): ToolUse {
  return { type: 'tool_use', id: `toolu_bdrk_${compactId()}`, name: part.name, input: part.input };
}

function stopReason(isToolWanted: boolean): 'tool_use' | 'end_turn' {
  return isToolWanted ? 'tool_use' : 'end_turn';
}

function wordsOf(part: Extract<Part, { type: 'text' | 'thinking' }>): string {
  return part.type === 'text' ? part.text : part.thinking;
}

function compactId(): string {
  return randomUUID().replaceAll('-', '').slice(0, 24);
}
