import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { createGate } from '../fakes/scripted-model.ts';
import { AUTH_TOKEN, CHAT, useAgentFunction } from './agent.fixture.ts';

const agent = useAgentFunction();
const started: ChildProcess[] = [];

afterEach(async () => {
  for (const child of started.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});

/** The image's program where there is no Lambda. */
async function startHttp(): Promise<{ url: string; child: ChildProcess; lines: string[] }> {
  const child = spawn(process.execPath, [join(agent.folder, 'http.mjs')], {
    env: { PATH: process.env.PATH, PORT: '0', ...agent.environment() },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.push(child);
  const lines: string[] = [];
  const listening = Promise.withResolvers<string>();
  for (const output of [child.stdout, child.stderr]) {
    createInterface({ input: output }).on('line', (line) => {
      lines.push(line);
      const port = /Listening on port (\d+)/.exec(line)?.[1];
      if (port !== undefined) listening.resolve(`http://127.0.0.1:${port}`);
    });
  }
  child.once('exit', () => listening.reject(new Error('The server ended before it listened')));
  return { url: await listening.promise, child, lines };
}

async function ping(url: string): Promise<{ status: string; time_of_last_update: number }> {
  const response = await fetch(`${url}/ping`);
  return (await response.json()) as { status: string; time_of_last_update: number };
}

function invoke(url: string, body: object, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${url}/invocations`, {
    method: 'POST',
    headers: { authorization: `Bearer ${AUTH_TOKEN}`, ...headers },
    body: JSON.stringify(body),
  });
}

describe('the agent server by HTTP', () => {
  it("serves AgentCore's two routes: a first message, and one to its session", async () => {
    const { url } = await startHttp();
    expect(await ping(url)).toMatchObject({ status: 'Healthy' });
    agent.model.reply('Noted.');
    const created = await invoke(url, { chat_id: CHAT, user_message: 'The word is apple' });
    const { session_id: sessionId } = (await created.json()) as { session_id: string };
    agent.model.reply('Apple.');
    const answered = await invoke(url, { session_id: sessionId, user_message: 'Which word?' });
    expect(await answered.json()).toMatchObject({ session_id: sessionId });
    expect(JSON.stringify(agent.model.requests.at(-1)?.body.messages)).toContain('The word is apple');
  });

  it('streams the same events as server-sent ones, and says meanwhile that it is busy', async () => {
    const { url } = await startHttp();
    const idle = await ping(url);
    expect(Math.abs(idle.time_of_last_update - Date.now() / 1_000)).toBeLessThan(60);
    const gate = createGate();
    agent.model.reply('One ', gate, 'two.');
    const asked = { chat_id: CHAT, user_message: 'Count' };
    const response = await invoke(url, asked, { accept: 'text/event-stream' });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    await gate.reached;
    const busy = await ping(url);
    expect(busy.status).toBe('HealthyBusy');
    expect(busy.time_of_last_update).toBeGreaterThanOrEqual(idle.time_of_last_update);
    // It is when the health changed, not when it is asked for.
    await sleep(1_100);
    expect(await ping(url)).toEqual(busy);
    gate.release();
    const events = (await response.text()).split('\n\n').filter((block) => block !== '');
    const types = events.map((block) => (JSON.parse(block.replace(/^data: /, '')) as { type: string }).type);
    expect(types).toEqual(expect.arrayContaining(['accepted', 'text', 'answer']));
    expect(types.at(-1)).toBe('finished');
  });

  it('takes the token also from the header that AgentCore passes on, and serves nobody without one', async () => {
    const { url } = await startHttp();
    const asked = { chat_id: CHAT, user_message: 'Hello' };
    for (const headers of [{ authorization: '' }, { authorization: 'Bearer wrong' }]) {
      expect((await invoke(url, asked, headers)).status).toBe(401);
    }
    const custom = { 'x-amzn-bedrock-agentcore-runtime-custom-authorization': `Bearer ${AUTH_TOKEN}` };
    expect(
      (await invoke(url, asked, { authorization: 'AWS4-HMAC-SHA256 Credential=any', ...custom })).status,
    ).toBe(200);
  });

  it('passes a request to the model that is judged in a thread, which the bundle holds', async () => {
    const { url } = await startHttp();
    agent.model.reply('Read.');
    const asked = { chat_id: CHAT, user_message: 'x '.repeat(45_000) };
    expect((await invoke(url, asked)).status).toBe(200);
    const heard = JSON.stringify(agent.model.requests.at(-1)?.body.messages);
    expect(heard.length).toBeGreaterThan(64 * 1024);
  });

  it('refuses what is no request of the API in its own words', async () => {
    const { url } = await startHttp();
    const response = await invoke(url, { session_id: '../../etc', user_message: 'Hello' });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: 'bad_request' } });
  });

  it('goes on serving others when a reader goes in the middle of an answer', async () => {
    const { url, child } = await startHttp();
    const gate = createGate();
    agent.model.reply('One ', gate, 'two.');
    const reader = new AbortController();
    const response = await fetch(`${url}/invocations`, {
      method: 'POST',
      headers: { authorization: `Bearer ${AUTH_TOKEN}`, accept: 'text/event-stream' },
      body: JSON.stringify({ chat_id: CHAT, user_message: 'Count' }),
      signal: reader.signal,
    });
    await gate.reached;
    reader.abort();
    await expect(response.text()).rejects.toThrow();
    gate.release();
    agent.model.clear();
    agent.model.reply('Still here.');
    const other = await invoke(url, { chat_id: '77', user_message: 'Is anybody there?' });
    expect(await other.json()).toMatchObject({ response: 'Still here.' });
    expect([child.exitCode, child.signalCode]).toEqual([null, null]);
  });

  it('interrupts what runs when it is told to end, and leaves its session free', async () => {
    const first = await startHttp();
    const gate = createGate();
    agent.model.reply('Half', gate, ' of it');
    const asked = { chat_id: CHAT, user_message: 'Something long' };
    const key = { 'idempotency-key': 'update-5', accept: 'text/event-stream' };
    const response = await invoke(first.url, asked, key);
    await gate.reached;
    first.child.kill('SIGTERM');
    await expect(response.text()).rejects.toThrow();
    expect(await once(first.child, 'close')).toEqual([0, null]);
    expect(first.lines.map((line) => JSON.parse(line) as object)).toContainEqual(
      expect.objectContaining({ level: 'ERROR', correlation_id: 'update-5' }),
    );
    const second = await startHttp();
    agent.model.reply('All of it.');
    expect(await (await invoke(second.url, asked, key)).text()).toContain('All of it.');
  });
});
