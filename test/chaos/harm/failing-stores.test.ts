// stores that fail in every tenth call → nothing is missing, next to nothing is given up, and each conversation is whole
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { AgentRun, RuntimeEvent } from '@omnicloud/agent-container/internal/run/agent-runtime.ts';
import { SUMMARY } from '@omnicloud/agent-container/internal/run/scripted-runtime.fixture.ts';
import { openAgentServer, parseAgentConfig, prepareWork } from '@omnicloud/agent-container';
import { clientLog } from '@omnicloud/local/internal/log.ts';
import { openSecretsManager } from '@omnicloud/secrets';
import { openWebhook, openWorker } from '@omnicloud/sdk-client';
import { SECRET_HEADER } from '@omnicloud/sdk-client/internal/receive/verify-secret.ts';
import { BotApi } from '@omnicloud/sdk-client/internal/telegram/bot-api.fixture.ts';
import type { Stores } from '@omnicloud/local/internal/stores/stores.ts';
import { faultyIntake, openStores } from '../processes/stores.ts';

const SEED = 'failing stores';
const ERROR_RATE = 0.1;
const CHATS = 10;
const TURNS_OF_A_CHAT = 3;
const SECRET = 'secret';
const TOKEN = 'the-token-of-failing-stores';

let root: string;
const ended = new AbortController();
const closing: (() => unknown)[] = [];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'omnicloud-failing-'));
});
afterEach(async () => {
  ended.abort();
  for (const close of closing.reverse()) await close();
  await rm(root, { recursive: true, force: true });
});

/** An agent without a model: it says what it was asked, and how much it knows of before. */
async function* echo({ home, isResumed, prompt }: AgentRun): AsyncGenerator<RuntimeEvent, void, undefined> {
  const before = isResumed ? await readFile(home.transcript, 'utf8') : '';
  const known = before.split('\n').filter((line) => line !== '');
  const text = `Answer to ${prompt.replaceAll('\n\n', ' and ')} with ${known.length / 2} before`;
  const parent = known.length === 0 ? null : (JSON.parse(known.at(-1) ?? '{}') as { uuid: string }).uuid;
  const asked = randomUUID();
  const entry = { isSidechain: false, cwd: home.workspace };
  const turn = [
    {
      ...entry,
      parentUuid: parent,
      promptId: randomUUID(),
      type: 'user',
      message: said('user', prompt),
      uuid: asked,
    },
    { ...entry, parentUuid: asked, type: 'assistant', message: said('assistant', text), uuid: randomUUID() },
  ];
  await writeFile(home.transcript, before + turn.map((line) => `${JSON.stringify(line)}\n`).join(''));
  yield { type: 'answer', text };
  yield SUMMARY;
}

function said(role: 'user' | 'assistant', text: string): object {
  return {
    role,
    content: [{ type: 'text', text }],
    ...(role === 'assistant' ? { stop_reason: 'end_turn' } : {}),
  };
}

interface Scene {
  readonly botApi: BotApi;
  /** Sends an update as Telegram does: until it is taken. */
  send(updateId: number, chat: number, text: string): Promise<void>;
}

async function open(): Promise<Scene> {
  const store = { kind: 'embedded', directory: join(root, 'data') } as const;
  const options = {
    store,
    faults: { seed: SEED, errorRate: ERROR_RATE, latencyMs: 0 },
    visibilityMs: 30_000,
  };
  const stores: Stores = await openStores(options);
  closing.push(() => stores.close());
  const botApi = new BotApi();
  // Errors are the matter of this test; what they cost is seen in the chats.
  const log = { info: () => undefined, error: () => undefined };
  const work = await prepareWork({
    workRoot: join(root, 'work'),
    storeFolders: [],
    isOneRunAtATime: false,
    log,
  });
  const { objects, leases, table, stops } = stores;
  const agent = await openAgentServer({
    agent: parseAgentConfig({
      CLAUDE_CODE_USE_BEDROCK: '1',
      AWS_REGION: 'eu-central-1',
    }),
    work,
    openStores: () => ({ store: objects, leases, table, stops }),
    token: { value: TOKEN },
    secrets: openSecretsManager(),
    log: { ...log, within: (_, run) => run() },
    forTests: { runtime: () => ({ run: echo }) },
  });
  const pace = { firstAfterMs: 1_000_000, betweenMs: 1_000_000 };
  const worker = openWorker({
    stores,
    connect: () => ({
      api: botApi.api,
      telegramFiles: botApi.files,
      agent: {
        url: 'http://agent',
        authToken: TOKEN,
        fetch: async (url, init) => agent.fetch(new Request(url, init)),
      },
    }),
    log: clientLog(log),
    pace: { private: pace, group: pace },
  });
  const serving = stores.queue.serve(worker(), ended.signal);
  closing.push(() => serving);
  const webhook = openWebhook({
    stores: { ...stores, queue: faultyIntake(stores, options) },
    allowedUsers: new Set(['7']),
    secret: () => SECRET,
    log: clientLog(log),
  });
  return {
    botApi,
    async send(updateId, chat, text) {
      const from = { id: 7, is_bot: false, first_name: 'Ada' };
      const message = {
        message_id: updateId,
        date: 1_767_225_600,
        chat: { id: chat, type: 'group', title: 'Team' },
        from,
        text,
      };
      const body = JSON.stringify({ update_id: updateId, message });
      const headers = { [SECRET_HEADER]: SECRET, 'content-type': 'application/json' };
      for (let status = 503; status === 503;)
        ({ status } = await webhook.fetch(
          new Request('http://bot/webhook', { method: 'POST', headers, body }),
        ));
    },
  };
}

it('With stores that fail in every tenth call, every message is answered, once, in its conversation', async () => {
  const scene = await open();
  const { botApi } = scene;
  const questions = Array.from({ length: CHATS * TURNS_OF_A_CHAT }, (_, index) => `Q${index + 1}.`);
  const shown = (): string => botApi.screen.join('\n');
  const gaveUp = (): number => botApi.screen.filter((text) => text.includes('after several tries')).length;
  // A chat asks again when it was answered: what waits would be merged, and that is another test's matter.
  await Promise.all(
    Array.from({ length: CHATS }, async (_, chat) => {
      for (let turn = 0; turn < TURNS_OF_A_CHAT; turn += 1) {
        const index = chat * TURNS_OF_A_CHAT + turn;
        await scene.send(index + 1, -(chat + 1), questions[index] ?? '');
        await botApi.until(() => shown().includes(questions[index] ?? '') || gaveUp() > 0);
      }
    }),
  );
  // Of so few, none: at most one in a hundred may be.
  expect(gaveUp()).toBe(0);
  for (const question of questions) expect(shown().split(question)).toHaveLength(2);
  // The last answer of each chat knows of all before it.
  expect(shown().match(new RegExp(`with ${TURNS_OF_A_CHAT - 1} before`, 'g'))).toHaveLength(CHATS);
}, 120_000);
