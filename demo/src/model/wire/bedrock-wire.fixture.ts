import { createAdaptorServer } from '@hono/node-server';
import { EventStreamCodec } from '@smithy/eventstream-codec';
import { fromUtf8, toUtf8 } from '@smithy/util-utf8';
import { Hono } from 'hono';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach } from 'vitest';
import { createBedrockStandIn } from './bedrock-wire.ts';
import type { ModelOutput, Respond } from './model-output.ts';

export const MODEL = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0';
export const BODY = { max_tokens: 100, messages: [{ role: 'user', content: 'hello' }], later_field: true };

export interface Frame {
  headers: Record<string, unknown>;
  payload: { bytes?: string; message?: string };
}
interface StreamEvent {
  type: string;
  index?: number;
  delta?: { text?: string; partial_json?: string; stop_reason?: string };
  content_block?: { type: string; name?: string };
  message?: { usage: { input_tokens: number } };
  usage?: { output_tokens: number };
}

const codec = new EventStreamCodec(toUtf8, fromUtf8);
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** Serves the outputs on loopback. @returns the base URL, below the prefix. */
export async function serve(respond: Respond, prefix = '/'): Promise<string> {
  const app = new Hono().route(prefix, createBedrockStandIn({ respond }));
  const server = createAdaptorServer({ fetch: app.fetch });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(async () => {
    server.close();
    if ('closeAllConnections' in server) server.closeAllConnections();
    await once(server, 'close');
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}${prefix === '/' ? '' : prefix}`;
}

export function saying(...outputs: ModelOutput[]): Respond {
  return async function* () {
    await Promise.resolve();
    yield* outputs;
  };
}

export function post(url: string, body: unknown = BODY, signal?: AbortSignal): Promise<Response> {
  return fetch(url, { method: 'POST', body: JSON.stringify(body), ...(signal ? { signal } : {}) });
}

export const streamPath = `/model/${encodeURIComponent(MODEL)}/invoke-with-response-stream`;
export const invokePath = `/model/${encodeURIComponent(MODEL)}/invoke`;

export function framesOf(bytes: Uint8Array): Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(0);
    const { headers, body } = codec.decode(bytes.subarray(at, at + length));
    const plain = Object.fromEntries(Object.entries(headers).map(([name, { value }]) => [name, value]));
    frames.push({ headers: plain, payload: JSON.parse(toUtf8(body)) as Frame['payload'] });
    at += length;
  }
  return frames;
}

export function eventsOf(frames: readonly Frame[]): StreamEvent[] {
  return frames.map(
    ({ payload }) => JSON.parse(Buffer.from(payload.bytes ?? '', 'base64').toString()) as StreamEvent,
  );
}

export async function readFrames(response: Response): Promise<Frame[]> {
  return framesOf(new Uint8Array(await response.arrayBuffer()));
}
