import { request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { API_ATTACKS, bearer, type RawRequest } from './api-attacks.ts';
import { INPUT_ATTACKS } from './input-attacks.ts';
import { findSecrets } from './secrets.ts';
import { openStage, type Stage } from './stage.fixture.ts';
import { surroundings, surroundingsAtRest } from './surroundings.ts';
import { asNeighbour, asOneself, openTenantEnvironment } from './tenant.fixture.ts';
import { ASKED, underKey, underUsedKey } from './used-key-attacks.ts';

let stage: Stage;
let before: Record<string, string>;

beforeAll(async () => {
  stage = await openStage({ shell: 'off' });
  before = await surroundingsAtRest(stage.ground());
});
afterAll(() => stage[Symbol.asyncDispose]());

describe('Over HTTP, nothing is had or done by', () => {
  it.each([...API_ATTACKS, ...INPUT_ATTACKS])('$name', async ({ requests }) => {
    const asked = stage.model.requests.length;
    for (const raw of requests(stage.ground(), stage.secrets)) {
      const { status, body } = await send(stage.ground().serverUrl, raw);
      const what = `${raw.method ?? 'GET'} ${raw.path.slice(0, 80)}: ${status} ${body.slice(0, 200)}`;
      expect(status, what).toBeGreaterThanOrEqual(400);
      expect(status, what).toBeLessThan(500);
      // Its own words may be repeated in an error, but nothing else.
      expect(findSecrets(body, stage.secrets), what).toEqual([]);
      expect(body, what).not.toMatch(/node_modules|at \w+ \(|\.ts:\d/);
    }
    expect(stage.model.requests.length).toBe(asked);
    expect(await surroundings(stage.ground())).toEqual(before);
  });
});

it('Another question under a used Idempotency-Key is refused, and gets no word of the answer that is kept', async () => {
  const ask = underKey(stage.ground().serverUrl, bearer(stage.secrets['service token']));
  const first = { chat_id: '9', user_message: ASKED.question };
  stage.model.reply(ASKED.answer);
  const { session_id: id } = JSON.parse((await ask('/session/create', first)).body) as { session_id: string };
  const asked = stage.model.requests.length;
  for (const request of underUsedKey(id, '9')) {
    const { status, body } = await ask(...request);
    expect({ status, body }, JSON.stringify(request)).toMatchObject({
      status: 422,
      body: expect.stringContaining('key_reused') as string,
    });
    expect(body).not.toContain(ASKED.answer);
  }
  // The same question has it, without another run.
  expect((await ask('/session/create', first)).body).toContain(ASKED.answer);
  expect(stage.model.requests.length).toBe(asked);
});

it('An environment that is set aside for a conversation gives nothing of another one, and runs nothing for it', async () => {
  const asked = stage.model.requests.length;
  await using environment = await openTenantEnvironment(stage);
  for (const request of asNeighbour(stage)) {
    const { status, body } = await environment.send(request);
    const what = `${JSON.stringify(request)}: ${body.toString().slice(0, 200)}`;
    expect(status, what).toBe(400);
    expect(body.toString(), what).toContain('set aside for another conversation');
  }
  expect(stage.model.requests.length).toBe(asked);
});

it("Whoever names their own conversation has nothing of another one's session, in an environment of its own or not", async () => {
  const asked = stage.model.requests.length;
  await using environment = await openTenantEnvironment(stage);
  const { serverUrl, neighbourId } = stage.ground();
  const nobodys = asOneself(stage, '0190c8a4-0000-4000-8000-000000000009');
  for (const [index, theirs] of asOneself(stage, neighbourId).entries()) {
    const what = JSON.stringify(theirs);
    const missing = nobodys[index] ?? theirs;
    for (const ask of [
      (raw: RawRequest) => send(serverUrl, raw),
      (raw: RawRequest) => environment.send(raw),
    ]) {
      const refused = await ask(theirs);
      expect(refused.status, what).toBe(404);
      // Nor is it told whether there is such a session.
      expect(refused, what).toEqual(await ask(missing));
    }
  }
  expect(stage.model.requests.length).toBe(asked);
});

it('A request that never ends holds up nobody else', async () => {
  const { port } = new URL(stage.ground().serverUrl);
  const slow = connect(Number(port), '127.0.0.1');
  slow.on('error', () => undefined);
  slow.write('POST /session/create HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{');
  expect((await send(stage.ground().serverUrl, { path: '/health' })).status).toBe(200);
  slow.destroy();
});

it('The right token opens the same session: the requests are real ones', async () => {
  const { serverUrl, neighbourId } = stage.ground();
  const headers = { Authorization: `Bearer ${stage.secrets['service token']}` };
  expect((await send(serverUrl, { path: `/session/${neighbourId}/export`, headers })).status).toBe(200);
});

function send(
  url: string,
  { method = 'GET', path, headers = {}, body }: RawRequest,
): Promise<{ status: number; body: string }> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const sent = request(
      { hostname, port, method, path, headers: { ...headers }, agent: false },
      (response) => {
        void text(response).then(
          (answer) => resolve({ status: response.statusCode ?? 0, body: answer }),
          reject,
        );
      },
    );
    // A server that refuses a body need not read it to its end.
    sent.on('error', (error) => {
      const isCut = 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
      if (isCut) resolve({ status: 413, body: '' });
      else reject(error);
    });
    sent.end(body);
  });
}
