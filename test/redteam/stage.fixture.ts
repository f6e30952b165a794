// planted ground → the whole system as a process of its own, and a neighbour's session in it → turns of a hostile model → what came back
import type { ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { blocksOf, isToolResult, textOfResult } from '@omnicloud/demo/internal/model/wire/model-request.ts';
import { type ScriptedModel, startScriptedModel } from '../fakes/scripted-model.ts';
import {
  FORUM,
  PERSON,
  startTelegramServer,
  type TelegramServer,
  WEBHOOK_SECRET,
} from '../fakes/telegram-server.ts';
import type { Ground, ToolCall } from './attack.ts';
import { end, plant } from './plant.fixture.ts';
import { makeSecrets, type Secrets } from './secrets.ts';
import { environment, readyUrl, type StageOptions, startServer } from './start-server.fixture.ts';

/** The attacked system, with a model that does what the attacker says. */
export interface Stage extends AsyncDisposable {
  readonly secrets: Secrets;
  readonly telegram: TelegramServer;
  readonly model: ScriptedModel;
  readonly visits: readonly string[];
  ground(): Ground;
  server(): ChildProcess;
  /**
   * One turn in the attacker's chat, in which the model makes these calls one after another.
   * @param lingerMs how long the model takes for its last words.
   * @returns what each call gave back.
   */
  turn(calls: readonly ToolCall[], lingerMs?: number): Promise<string[]>;
  /** One turn in which a subagent makes these calls. */
  subagent(calls: readonly ToolCall[]): Promise<void>;
  /** Everything since the neighbour's turn that the agent or its user was shown: the model's requests and the Bot API calls. */
  shown(): string;
  /** Ends the server and starts it again on the same data. */
  restart(options: StageOptions): Promise<void>;
}

export async function openStage(options: StageOptions): Promise<Stage> {
  await using made = new AsyncDisposableStack();
  const secrets = makeSecrets();
  const planted = await plant(secrets, (step) =>
    made.defer(async () => {
      await step();
    }),
  );
  const telegram = await startTelegramServer();
  made.defer(() => telegram.close());
  const model = await startScriptedModel();
  made.defer(() => model.close());
  const held = await open(planted.openFile);
  made.defer(() => held.close());
  let running: { child: ChildProcess; url: string } | undefined;
  const start = async (how: StageOptions): Promise<void> => {
    if (running) await end(running.child);
    const child = startServer(how, {
      given: environment(planted, { secrets, telegram, model }),
      ground: planted,
      held,
      secrets,
    });
    running = { child, url: '' };
    running.url = await readyUrl(child);
    telegram.standIn.start({ url: `${running.url}/webhook`, secret: WEBHOOK_SECRET });
  };
  made.defer(async () => {
    if (running) await end(running.child);
  });
  await start(options);
  const stored = join(planted.dataDir, 'objects', 'sessions');
  const sessions = (): string[] => (existsSync(stored) ? readdirSync(stored) : []);
  const conversationOf = (id: string): string => {
    const path = join(stored, id, 'conversation.jsonl');
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  };
  let turnCount = 0;
  const turn = async (
    calls: readonly ToolCall[],
    {
      chatId,
      words,
      lingerMs = 0,
    }: { readonly chatId: number; readonly words: string; readonly lingerMs?: number | undefined },
  ): Promise<string[]> => {
    const before = model.requests.length;
    turnCount += 1;
    const answer = `Done ${turnCount}.`;
    for (const call of calls) model.reply({ type: 'tool_use', ...call });
    model.replyWith(async function* () {
      await delay(lingerMs);
      yield answer;
    });
    telegram.standIn.sendAsUser({ chat_id: chatId, text: words });
    await telegram.waitForMessage(
      chatId,
      (text) => text.startsWith(answer) || text.includes('could not answer'),
    );
    // An answer may be seen before it is saved.
    await until(() => sessions().some((id) => conversationOf(id).includes(answer)));
    model.clear();
    const results = resultsOf(model, before, calls.length);
    if (results.length < calls.length)
      throw new Error(`Only ${results.length} of ${calls.length} calls were made`);
    return results;
  };
  await turn(neighboursTurn(secrets), {
    chatId: FORUM,
    words: `Remember ${secrets["neighbour's conversation"]}`,
  });
  const [neighbourId = ''] = sessions();
  const since = { request: model.requests.length, call: telegram.calls.length };
  const kept = made.move();
  return {
    ...{ secrets, telegram, model, visits: planted.visits },
    ground: () => ({
      ...planted,
      neighbourId,
      ownId: sessions().find((id) => id !== neighbourId) ?? '',
      serverPid: running?.child.pid ?? 0,
      serverUrl: running?.url ?? '',
    }),
    server: () => {
      if (!running) throw new Error('The server does not run');
      return running.child;
    },
    turn: (calls, lingerMs) => turn(calls, { chatId: PERSON, words: 'Go on', lingerMs }),
    subagent: async (calls) => {
      const input = { description: 'Look', prompt: 'Look around', subagent_type: 'general-purpose' };
      model.reply({ type: 'tool_use', name: 'Agent', input });
      for (const call of calls) model.reply({ type: 'tool_use', ...call });
      model.reply('Looked around.');
      await turn([], { chatId: PERSON, words: 'Go on' });
    },
    shown: () =>
      JSON.stringify([
        model.requests.slice(since.request).map(({ body }) => body),
        telegram.calls.slice(since.call).map(({ payload }) => payload),
      ]),
    restart: start,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

function neighboursTurn(secrets: Secrets): ToolCall[] {
  const content = secrets["neighbour's workspace"];
  const task = { subject: secrets["neighbour's tasks"], description: 'A task' };
  return [
    { name: 'Write', input: { file_path: 'private.txt', content } },
    { name: 'TaskCreate', input: task },
  ];
}

/** @throws Error when it takes too long. */
async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; tries < 300; tries += 1) {
    if (isSo()) return;
    await delay(100);
  }
  throw new Error('The turn was not saved');
}

/** Each request holds the whole conversation; the last one has all results of the turn, in the order of the calls. */
function resultsOf(model: ScriptedModel, before: number, count: number): string[] {
  const turn = model.requests.slice(before);
  const longest = turn.findLast(({ body }) => body.messages.length > count) ?? turn.at(-1);
  const results = (longest?.body.messages ?? []).flatMap(blocksOf).filter(isToolResult).map(textOfResult);
  return results.slice(-count);
}
