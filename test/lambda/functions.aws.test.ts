import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bundleFunction } from '@omnicloud/infra/internal/bundle.ts';
import { BOT_TOKEN, PERSON, startTelegramServer, type TelegramServer } from '../fakes/telegram-server.ts';
import { useAgentFunction } from './agent.fixture.ts';
import {
  createDeployment,
  type Deployment,
  webhookEnvironment,
  workerEnvironment,
} from './deployment.fixture.ts';
import { httpApiEvent, SECRET_HEADER, SHOWN, sqsEvent, update, updateId } from './events.ts';
import { type FunctionProcess, isClientMissing, startFunction } from './function-process.ts';
import { startRestApi } from './rest-api.ts';
import type { Invocation } from './runtime-api.ts';

const agent = useAgentFunction();
const ended: (() => Promise<unknown>)[] = [];
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
  for (const end of ended.splice(0).reverse()) await end();
  await telegram.close();
});
afterAll(() => rm(bundles, { recursive: true, force: true }));

async function start(
  name: 'webhook' | 'worker',
  changes: Record<string, string> = {},
): Promise<FunctionProcess> {
  const own =
    name === 'webhook' ? webhookEnvironment(deployment) : workerEnvironment(deployment, telegram.apiRoot);
  const running = await startFunction(join(bundles, name), 'index.handler', { ...own, ...changes });
  ended.push(() => running.stop());
  return running;
}

/** The agent's function behind an API that streams. @returns its address, and how to replace its execution environment. */
async function startAgentApi(): Promise<{ url: string; replace: () => Promise<void> }> {
  const { secrets, table, bucket, endpoints } = deployment;
  const startOne = (): Promise<FunctionProcess> =>
    agent.start({
      DATA_DIR: '',
      SESSION_BUCKET: bucket,
      SESSION_TABLE: table,
      SDK_CLIENT_AUTH_TOKEN: '',
      SERVICE_TOKEN_SECRET_ARN: secrets.serviceToken,
      BEDROCK_ACCESS_KEY_ID: '',
      BEDROCK_SECRET_ACCESS_KEY: '',
      BEDROCK_SECRET_ARN: secrets.bedrockKeys,
      ...endpoints,
    });
  let running = await startOne();
  const api = await startRestApi(() => running, 900_000);
  ended.push(() => api.close());
  return {
    url: api.url,
    replace: async () => {
      running = await startOne();
    },
  };
}

interface PieceAnswer {
  readonly statusCode?: number;
  readonly headers?: Record<string, string>;
  readonly batchItemFailures?: { itemIdentifier: string }[];
}

async function answerOf({ response }: Invocation): Promise<PieceAnswer> {
  return (await json((await response).body)) as PieceAnswer;
}

describe.skipIf(isClientMissing)('the functions, through their runtime interface client', () => {
  it('bring a message from Telegram to the agent and its answer back', async () => {
    const webhook = await start('webhook');
    const { url } = await startAgentApi();
    const worker = await start('worker', { AGENT_SERVER_URL: url });
    agent.model.reply('Noted, **apple**.');
    const body = update('The word is apple');
    expect(
      await answerOf(webhook.api.invoke(httpApiEvent('/webhook', SHOWN, { body, isBase64Encoded: true }))),
    ).toMatchObject({
      statusCode: 200,
    });
    const message = await deployment.receive();
    if (!message) throw new Error('Nothing was queued');
    expect(await answerOf(worker.api.invoke(sqsEvent(message)))).toEqual({ batchItemFailures: [] });
    expect(telegram.botTexts(PERSON)).toEqual(['Noted, apple.']);

    // SQS delivers at least once.
    expect(await answerOf(worker.api.invoke(sqsEvent(message)))).toEqual({ batchItemFailures: [] });
    expect(telegram.botTexts(PERSON)).toEqual(['Noted, apple.']);

    const summaries = worker.lines
      .filter((line) => line.includes('"outcome"'))
      .map((line) => JSON.parse(line) as object);
    expect(summaries).toMatchObject([
      { level: 'INFO', correlation_id: `update-${updateId}`, outcome: 'answered', tools: 0 },
    ]);
    const metrics = worker.lines
      .filter((line) => line.includes('"_aws"'))
      .map((line) => JSON.parse(line) as object);
    expect(metrics[0]).toMatchObject({
      service: 'test-deployment',
      TurnsAnswered: 1,
      _aws: { CloudWatchMetrics: [{ Namespace: 'OmniCloud', Dimensions: [['service']] }] },
    });
  });

  it('refuse a webhook call without the secret, and queue nothing', async () => {
    const { api } = await start('webhook');
    const wrong = { [SECRET_HEADER]: 'wrong' };
    for (const headers of [{}, wrong]) {
      expect(
        await answerOf(api.invoke(httpApiEvent('/webhook', headers, { body: update('Hello') }))),
      ).toMatchObject({
        statusCode: 401,
      });
    }
    expect(await deployment.receive()).toBeUndefined();
  });

  it('ask Telegram to come again when the turn cannot be queued, or the secret cannot be read', async () => {
    const unqueued = await start('webhook', { QUEUE_URL: `${deployment.queueUrl}-that-is-not-there.fifo` });
    const unread = await start('webhook', { WEBHOOK_SECRET_ARN: 'not-there' });
    for (const { api, lines } of [unqueued, unread]) {
      const answer = await answerOf(api.invoke(httpApiEvent('/webhook', SHOWN, { body: update('Hello') })));
      expect(answer).toMatchObject({ statusCode: 503, headers: { 'retry-after': '2' } });
      const logged = lines.map((line) => JSON.parse(line) as { level: string; error?: { code: string } });
      expect(logged.find(({ level }) => level === 'ERROR')?.error?.code).toMatch(
        /queue_unavailable|secret_missing/,
      );
    }
  });

  it('give a turn back to the queue when the agent server cannot be reached, and say so under its update', async () => {
    const webhook = await start('webhook');
    const worker = await start('worker');
    await answerOf(webhook.api.invoke(httpApiEvent('/webhook', SHOWN, { body: update('Hello') })));
    const message = await deployment.receive();
    if (!message) throw new Error('Nothing was queued');
    expect(await answerOf(worker.api.invoke(sqsEvent(message)))).toEqual({
      batchItemFailures: [{ itemIdentifier: message.MessageId }],
    });
    const logged = worker.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(logged).toContainEqual(
      expect.objectContaining({
        level: 'ERROR',
        service: 'test-deployment',
        correlation_id: `update-${updateId}`,
        error: expect.objectContaining({ code: 'agent_unreachable', retryable: true }) as unknown,
      }),
    );
  });

  it('go on with a token that was replaced, whoever still has the old one', async () => {
    const webhook = await start('webhook');
    const { url, replace } = await startAgentApi();
    const queued = async (text: string): Promise<unknown> => {
      agent.model.reply(`Answer to ${text}`);
      await answerOf(webhook.api.invoke(httpApiEvent('/webhook', SHOWN, { body: update(text) })));
      const message = await deployment.receive();
      if (!message) throw new Error('Nothing was queued');
      return sqsEvent(message);
    };
    const ask = async ({ api }: FunctionProcess, text: string): Promise<void> => {
      expect(await answerOf(api.invoke(await queued(text)))).toEqual({ batchItemFailures: [] });
    };
    const worker = await start('worker', { AGENT_SERVER_URL: url });
    await deployment.rotate('botToken', `${BOT_TOKEN}-revoked`);
    const first = await queued('one');
    await answerOf(worker.api.invoke(first));
    expect(telegram.botTexts(PERSON)).toEqual([]);
    await deployment.rotate('botToken', BOT_TOKEN);
    await answerOf(worker.api.invoke(first));
    await deployment.rotate('serviceToken', 'a-second-service-token');
    const newcomer = await start('worker', { AGENT_SERVER_URL: url });
    await ask(newcomer, 'two');
    await deployment.rotate('serviceToken', 'a-third-service-token');
    await replace();
    await ask(newcomer, 'three');
    expect(telegram.botTexts(PERSON)).toEqual(['one', 'two', 'three'].map((text) => `Answer to ${text}`));
  });

  it('do not start with wrong settings, and name each of them', async () => {
    const worker = await start('worker', {
      QUEUE_URL: 'turns',
      AGENT_SERVER_URL: '',
      MAX_CONTINUATIONS: 'many',
    });
    const { errorType, errorMessage } = await worker.api.initError;
    expect(errorType).toBe('ConfigError');
    for (const name of ['QUEUE_URL', 'AGENT_SERVER_URL', 'MAX_CONTINUATIONS'])
      expect(errorMessage).toContain(name);
  });
});
