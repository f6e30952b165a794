import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { JudgeLane, type LaneOptions } from './judge-lane.ts';
import type { JudgeQuestion } from './judge-message.ts';

const ALIVE = new AbortController().signal;
const question = (body: object | string): JudgeQuestion => ({
  call: { kind: 'generate', path: '/model/m/invoke' },
  body: new Uint8Array(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))),
  protocol: 'bedrock',
  isWebSearchOn: false,
});

function lane(options: Partial<LaneOptions> = {}): JudgeLane {
  const made = new JudgeLane(new WeakMap(), { deadlineMs: 60_000, ...options });
  onTestFinished(() => made.close());
  return made;
}

/** A thread that does what the first letter of a body says: ends, uses up its memory, never answers, or answers with the body. */
async function oddThread(): Promise<URL> {
  const folder = await mkdtemp(join(tmpdir(), 'omnicloud-judge-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'odd.mjs');
  await writeFile(
    path,
    `import { parentPort } from 'node:worker_threads';
    const held = [];
    parentPort.on('message', ({ body }) => {
      const text = Buffer.from(body.buffer).toString();
      if (text.startsWith('e')) process.exit(3);
      if (text.startsWith('t')) throw new Error('odd');
      if (text.startsWith('m')) for (;;) held.push(new Array(500_000).fill(0.5));
      if (text.startsWith('n')) for (;;) held.length;
      parentPort.postMessage({ allow: false, reason: text });
    });`,
  );
  return pathToFileURL(path);
}

it('judges in a thread, and hands over a body that was written anew, with its hash', async () => {
  const judge = lane();
  for (const length of [10, 5_000, 300_000]) {
    const reply = await judge.judge({
      question: question(` {"messages": [], "system": "${'x'.repeat(length)}"}`),
      holder: {},
      signal: ALIVE,
    });
    expect(reply.allow && Buffer.from(reply.body).toString()).toBe(
      `{"messages":[],"system":"${'x'.repeat(length)}"}`,
    );
    expect(reply.allow && reply.sha256).toMatch(/^[0-9a-f]{64}$/);
  }
  const refused = { question: question('{"container":"c","messages":[]}'), holder: {}, signal: ALIVE };
  expect(await judge.judge(refused)).toMatchObject({ allow: false });
});

it.each([
  ['ends', 'exit', false],
  ['throws', 'throw', false],
  ['uses up its memory', 'memory', false],
  ['takes too long', 'never', true],
])('whose thread %s fails that body, and no other', async (_, body, isTooSlow) => {
  const judge = lane({ program: await oddThread(), deadlineMs: isTooSlow ? 100 : 60_000 });
  const bad = judge.judge({ question: question(body), holder: {}, signal: ALIVE });
  await expect(bad).rejects.toMatchObject({ name: 'JudgeError', isTooSlow });
  const patient = lane({ program: await oddThread() });
  const after = isTooSlow ? patient : judge;
  expect(await after.judge({ question: question('good'), holder: {}, signal: ALIVE })).toMatchObject({
    reason: 'good',
  });
});

it('fails each body by itself when the system gives no thread, those that wait too', async () => {
  // For which Node throws at once, as for want of memory.
  const judge = lane({ program: new URL('https://no-thread.example/') });
  const asked = ['a', 'b', 'c'].map((body) =>
    judge.judge({ question: question(body), holder: {}, signal: ALIVE }),
  );
  for (const one of asked) await expect(one).rejects.toMatchObject({ name: 'JudgeError', isTooSlow: true });
});

it('answers a newcomer before the many bodies of another', async () => {
  const judge = lane({ program: await oddThread() });
  const [busy, newcomer] = [{}, {}];
  const order: string[] = [];
  const ask = async (holder: object, body: string): Promise<void> => {
    await judge.judge({ question: question(body), holder, signal: ALIVE });
    order.push(body);
  };
  await ask(busy, 'first');
  order.length = 0;
  await Promise.all([ask(busy, '1'), ask(busy, '2'), ask(busy, '3'), ask(newcomer, 'other')]);
  expect(order).toEqual(['1', 'other', '2', '3']);
});

it('does not take a late reply for the next body’s, and forgets what nobody waits for', async () => {
  const judge = lane({ program: await oddThread() });
  const gone = new AbortController();
  const begun = judge.judge({ question: question('a'), holder: {}, signal: gone.signal });
  const waiting = judge.judge({ question: question('b'), holder: {}, signal: gone.signal });
  const next = judge.judge({ question: question('c'), holder: {}, signal: ALIVE });
  gone.abort();
  await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  expect(await begun).toMatchObject({ reason: 'a' });
  expect(await next).toMatchObject({ reason: 'c' });
});
