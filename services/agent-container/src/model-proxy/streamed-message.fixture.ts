import { EventStreamCodec } from '@smithy/eventstream-codec';

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes as Uint8Array).toString('utf8'),
  (text) => Buffer.from(text, 'utf8'),
);

/** Events of a short message, as Anthropic documents them; 100 + 7 + 20 + 3 tokens in all. */
export const MESSAGE_EVENTS: readonly Record<string, unknown>[] = [
  {
    type: 'message_start',
    message: {
      usage: {
        input_tokens: 100,
        output_tokens: 1,
        cache_read_input_tokens: 20,
        cache_creation_input_tokens: 3,
      },
    },
  },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Grüße' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: ' 你好' } },
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 7 } },
  { type: 'message_stop' },
];

export const MESSAGE_USAGE = {
  input_tokens: 100,
  output_tokens: 7,
  cache_read_input_tokens: 20,
  cache_creation_input_tokens: 3,
};

/** One frame as Bedrock sends it. */
export function bedrockFrame(event: object): Buffer {
  return rawFrame('chunk', { bytes: Buffer.from(JSON.stringify(event)).toString('base64') });
}

export function exceptionFrame(type: string, message: string): Buffer {
  return rawFrame(undefined, { message }, { ':message-type': 'exception', ':exception-type': type });
}

function rawFrame(eventType: string | undefined, payload: object, more: Record<string, string> = {}): Buffer {
  const headers: Record<string, string> = {
    ...(eventType === undefined ? {} : { ':message-type': 'event', ':event-type': eventType }),
    ...more,
  };
  const typed = Object.entries<string>(headers).map(
    ([name, value]) => [name, { type: 'string' as const, value }] as const,
  );
  return Buffer.from(
    codec.encode({
      headers: Object.fromEntries(typed),
      body: Buffer.from(JSON.stringify(payload)),
    }),
  );
}

/** One event as Anthropic sends it. */
export function serverSentEvent(event: Record<string, unknown>): Buffer {
  return Buffer.from(`event: ${String(event.type)}\ndata: ${JSON.stringify(event)}\n\n`);
}
