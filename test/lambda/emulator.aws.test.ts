import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bundleFunction } from '@omnicloud/infra/internal/bundle.ts';
import { startTelegramServer, type TelegramServer } from '../fakes/telegram-server.ts';
import { createEvent, messageEvent, useAgentFunction } from './agent.fixture.ts';
import {
  createDeployment,
  type Deployment,
  webhookEnvironment,
  workerEnvironment,
} from './deployment.fixture.ts';
import { type EmulatedFunction, isEmulatorMissing, startEmulated } from './emulator-process.ts';
import { httpApiEvent, SHOWN, sqsEvent, update } from './events.ts';

/** The agent's own margin for saving, in s. */
const PERSIST_MARGIN_S = 45;
const DELIMITER = Buffer.alloc(8);
const agent = useAgentFunction();
const started: EmulatedFunction[] = [];
let bundles = '';
let deployment: Deployment;
let telegram: TelegramServer;

beforeAll(async () => {
  bundles = await mkdtemp(join(tmpdir(), 'omnicloud-bundles-'));
  for (const name of ['webhook', 'worker'] as const) await bundleFunction(name, join(bundles, name));
});
beforeEach(async () => {
  deployment = await createDeployment();
  telegram = await startTelegramServer();
});
afterEach(async () => {
  for (const running of started.splice(0)) await running.stop();
  await telegram.close();
});
afterAll(() => rm(bundles, { recursive: true, force: true }));

async function start(...given: Parameters<typeof startEmulated>): Promise<EmulatedFunction> {
  const running = await startEmulated(...given);
  started.push(running);
  return running;
}

const startWebhook = (changes: Record<string, string> = {}): Promise<EmulatedFunction> =>
  start(join(bundles, 'webhook'), 'index.handler', { ...webhookEnvironment(deployment), ...changes });

const startAgent = (changes: Record<string, string> = {}, timeoutS?: number): Promise<EmulatedFunction> =>
  start(
    agent.folder,
    'lambda.handler',
    agent.environment(changes),
    timeoutS === undefined ? {} : { timeoutS },
  );

async function answerOf(running: EmulatedFunction, event: unknown): Promise<unknown> {
  return JSON.parse((await running.invoke(event)).body.toString());
}

interface Streamed {
  readonly statusCode: number;
  /** The objects of the body, one a line. */
  readonly objects: Record<string, unknown>[];
}

async function streamOf(running: EmulatedFunction, event: unknown): Promise<Streamed> {
  const { body } = await running.invoke(event);
  const end = body.indexOf(DELIMITER);
  if (end === -1) throw new Error(`No prelude: ${body.toString()}`);
  const { statusCode } = JSON.parse(body.subarray(0, end).toString()) as { statusCode: number };
  const lines = body
    .subarray(end + DELIMITER.length)
    .toString()
    .trimEnd()
    .split('\n');
  return { statusCode, objects: lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

const startsOf = ({ lines }: EmulatedFunction): number =>
  lines.filter((line) => line.includes('INIT START')).length;

describe.skipIf(isEmulatorMissing)("the functions in AWS's own emulator of Lambda", () => {
  it('the webhook queues, refuses and goes on, all in one environment', async () => {
    const webhook = await startWebhook();
    const ask = (event: unknown): Promise<unknown> => answerOf(webhook, event);
    expect(await ask(httpApiEvent('/webhook', SHOWN, { body: update('Hello') }))).toMatchObject({
      statusCode: 200,
    });
    expect((await deployment.receive())?.Body).toContain('Hello');
    expect(await ask(httpApiEvent('/webhook', {}, { body: update('Hello') }))).toMatchObject({
      statusCode: 401,
    });
    for (const foreign of [{}, null, { httpMethod: 'POST', path: '/webhook', headers: SHOWN }]) {
      expect(await ask(foreign)).toEqual({ statusCode: 400 });
    }
    expect(await ask(httpApiEvent('/webhook', SHOWN, { body: update('Again') }))).toMatchObject({
      statusCode: 200,
    });
    expect(startsOf(webhook)).toBe(1);
  });

  it('a function with wrong settings fails in its init, and names them', async () => {
    const webhook = await startWebhook({ QUEUE_URL: 'turns', SESSION_TABLE: '' });
    const { status, body } = await webhook.invoke(httpApiEvent('/webhook', SHOWN, { body: update('Hello') }));
    expect([status, JSON.parse(body.toString())]).toMatchObject([502, { errorType: 'ConfigError' }]);
    expect(body.toString()).toMatch(/SESSION_TABLE is required[^]*QUEUE_URL/);
  });

  it('the worker reports the records of a batch that come again, and no others', async () => {
    const webhook = await startWebhook();
    await webhook.invoke(httpApiEvent('/webhook', SHOWN, { body: update('Hello') }));
    await webhook.invoke(httpApiEvent('/webhook', SHOWN, { body: update('/help') }));
    const own = workerEnvironment(deployment, telegram.apiRoot);
    const worker = await start(join(bundles, 'worker'), 'index.handler', own);
    const messages = [await deployment.receive(), await deployment.receive()];
    const Records = messages.flatMap((message) => (message ? sqsEvent(message).Records : []));
    expect(Records).toHaveLength(2);
    // The agent server cannot be reached; a command needs none.
    const failed = Records.find(({ body }) => body.includes('Hello'))?.messageId;
    expect(await answerOf(worker, { Records })).toEqual({ batchItemFailures: [{ itemIdentifier: failed }] });
  });

  it('the agent answers with a prelude and its events, and again in the same environment', async () => {
    const running = await startAgent();
    agent.model.reply('Noted.');
    const created = await streamOf(running, createEvent('The word is apple'));
    expect(created.statusCode).toBe(200);
    expect(created.objects[0]).toMatchObject({ type: 'accepted', is_new: true });
    expect(created.objects.at(-1)).toMatchObject({ type: 'finished' });
    agent.model.reply('Apple.');
    const sessionId = String(created.objects[0]?.session_id);
    const warm = await streamOf(running, messageEvent(sessionId, 'Which word?'));
    expect(warm.objects).toContainEqual({ type: 'answer', text: 'Apple.' });
    expect(startsOf(running)).toBe(1);
  });

  it('the agent says what is wrong with an event, and takes one with the simple form of headers', async () => {
    const running = await startAgent();
    const event = createEvent('Hello') as { headers: Record<string, string> };
    const wrongs = [
      [401, createEvent('Hello', { authorization: 'Bearer wrong' })],
      [400, { ...event, body: '{' }],
      [400, {}],
      [400, null],
    ] as const;
    for (const [statusCode, wrong] of wrongs) {
      expect(await streamOf(running, wrong)).toMatchObject({ statusCode, objects: [{ error: {} }] });
    }
    agent.model.reply('Hello.');
    const { objects } = await streamOf(running, { ...event, multiValueHeaders: null });
    expect(objects.at(-1)).toMatchObject({ type: 'finished' });
  });

  it('the agent pauses and has saved before the emulator ends it', async () => {
    const running = await startAgent({}, PERSIST_MARGIN_S + 6);
    const hold = agent.model.hold();
    const { objects } = await streamOf(running, createEvent('Something long'));
    expect(objects.at(-1)).toMatchObject({ type: 'paused' });
    hold.release();
    agent.model.reply('The rest.');
    const sessionId = String(objects[0]?.session_id);
    expect((await streamOf(running, messageEvent(sessionId, 'Go on'))).objects).toContainEqual({
      type: 'answer',
      text: 'The rest.',
    });
  });

  it('the agent without a readable service token is unavailable, not down', async () => {
    const unread = {
      SDK_CLIENT_AUTH_TOKEN: '',
      SERVICE_TOKEN_SECRET_ARN: 'not-there',
      ...deployment.endpoints,
    };
    expect(await streamOf(await startAgent(unread), createEvent('Hello'))).toMatchObject({
      statusCode: 503,
      objects: [{ error: { retryable: true } }],
    });
  });
});
