// An agent server in an attacker's hands: whatever it streams, the worker's memory and time stay bounded, and the turn alone fails.
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { encodeEvent, NDJSON_MEDIA_TYPE, type RunEvent } from '@omnicloud/protocol';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type AgentServer, askAgent } from './agent/agent-client.ts';
import {
  ACCEPTED,
  AUTH_TOKEN,
  FINISHED,
  HEARTBEAT,
  streamed,
  text,
  tool,
} from './agent/agent-server.fixture.ts';
import { errorOf, NEVER, REQUEST } from './agent/asking.fixture.ts';
import { RelayScene } from './relay-scene.fixture.ts';

const MIB = 1024 * 1024;
const BROKE_OFF = { code: 'agent_unreachable', retryable: true };

/** Starts a server that answers so, with what it writes as the reader takes it. @returns it, and how much it has written. */
async function hostile(
  status: number,
  pieces: () => Iterable<string>,
): Promise<{ server: AgentServer; written: () => number }> {
  let bytes = 0;
  const write = async (response: ServerResponse): Promise<void> => {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const { signal } = gone;
    response.writeHead(status, { 'content-type': NDJSON_MEDIA_TYPE });
    for (const piece of pieces()) {
      if (response.destroyed) return;
      bytes += piece.length;
      if (!response.write(piece)) await once(response, 'drain', { signal }).catch(() => undefined);
    }
    response.end();
  };
  const http = createServer((_, response) => void write(response));
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    http.closeAllConnections();
    http.close();
  });
  const { port } = http.address() as AddressInfo;
  return { server: { url: `http://127.0.0.1:${port}`, authToken: AUTH_TOKEN }, written: () => bytes };
}

/** Reads to the end without keeping anything. @returns how many events there were. */
async function drained(server: AgentServer): Promise<number> {
  let count = 0;
  for await (const event of askAgent(server, REQUEST, NEVER)) if (event.type !== 'accepted') count += 1;
  return count;
}

async function grownBy(work: () => Promise<unknown>): Promise<number> {
  const before = process.memoryUsage().rss;
  let most = before;
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 10);
  try {
    await work();
  } finally {
    clearInterval(watch);
  }
  return most - before;
}

function* repeated(piece: string, times: number): Generator<string, void, undefined> {
  yield encodeEvent(ACCEPTED);
  for (let time = 0; time < times; time += 1) yield piece;
  yield encodeEvent(FINISHED);
}

describe('A hostile stream of the agent server is given up,', () => {
  it('when it never ends a line', async () => {
    const { server, written } = await hostile(200, () => repeated('x'.repeat(64 * 1024), 10_000));
    expect(await errorOf(drained(server))).toMatchObject({
      ...BROKE_OFF,
      cause: { code: 'malformed_event' },
    });
    expect(written()).toBeLessThan(16 * MIB);
  });

  it('when its events together have more than 256 MiB, and they are not held', async () => {
    const piece = encodeEvent(text('x'.repeat(MIB)));
    const { server, written } = await hostile(200, () => repeated(piece, 400));
    const grown = await grownBy(async () => {
      expect(await errorOf(drained(server))).toMatchObject({
        ...BROKE_OFF,
        cause: { message: 'The stream is too long' },
      });
    });
    expect(written()).toBeGreaterThan(255 * MIB);
    expect(written()).toBeLessThan(280 * MIB);
    expect(grown).toBeLessThan(256 * MIB);
  });

  it('when it goes on after its end', async () => {
    const { server } = await hostile(200, () => [
      encodeEvent(FINISHED),
      ...repeated(encodeEvent(HEARTBEAT), 5),
    ]);
    expect(await errorOf(drained(server))).toMatchObject({
      ...BROKE_OFF,
      cause: { code: 'event_after_end' },
    });
  });

  it.each([401, 500])('when a refusal (%s) has more than a megabyte', async (status) => {
    const { server, written } = await hostile(status, () => repeated('x'.repeat(64 * 1024), 10_000));
    expect(await errorOf(drained(server))).toMatchObject({ ...BROKE_OFF, cause: { name: 'RangeError' } });
    expect(written()).toBeLessThan(16 * MIB);
  });
});

describe('What a hostile agent server says of a run', () => {
  let scene: RelayScene;
  beforeEach(async () => {
    scene = await RelayScene.open();
  });
  afterEach(() => scene.close());

  it('is shown within bounds while it grows: texts, and tools that never end', async () => {
    const events: RunEvent[] = [ACCEPTED];
    for (let at = 0; at < 60; at += 1) events.push(text('x'.repeat(100_000), at * 100_000));
    for (let at = 0; at < 5_000; at += 1) events.push(tool('started', `Tool ${at}`));
    scene.agent.script(streamed([...events, { type: 'answer', text: 'Short.' }, FINISHED]));
    // Without the bounds, each event would cost what all before it have grown to, and the test its time.
    expect(await scene.handle()).toEqual({ kind: 'done' });
    expect(scene.botApi.screen).toEqual(['Short.']);
  });
});
