// A shell that fills the disk of the work folder: its own run ends, and everybody else is served as if nothing happened.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CAN_MOUNT,
  smallDisk,
  type SmallDisk,
} from '@omnicloud/agent-container/internal/run/disk/small-disk.fixture.ts';
import { blocksOf, isText } from '@omnicloud/demo/internal/model/wire/model-request.ts';
import { type ScriptedModel, startScriptedModel } from '../fakes/scripted-model.ts';
import {
  BOT_TOKEN,
  FORUM,
  PERSON,
  startTelegramServer,
  type TelegramServer,
  WEBHOOK_SECRET,
} from '../fakes/telegram-server.ts';
import { MAIN } from '../flow/system.fixture.ts';
import { readyUrl, WITHOUT_GUARDS } from './start-server.fixture.ts';
import { COMPILED } from '../compiled.ts';

const MB = 1024 ** 2;
const DISK_MB = 256;
const MIN_FREE_MB = 64;
/** How much longer than twice its quiet time another chat may wait for its answer, in ms. */
const PATIENCE_MS = 3_000;

interface System extends AsyncDisposable {
  readonly disk: SmallDisk;
  readonly telegram: TelegramServer;
  readonly model: ScriptedModel;
  readonly server: ChildProcess;
}

async function open(without: readonly string[]): Promise<System> {
  await using made = new AsyncDisposableStack();
  const disk = made.use(await smallDisk(DISK_MB));
  const telegram = await startTelegramServer();
  made.defer(() => telegram.close());
  const model = await startScriptedModel();
  made.defer(() => model.close());
  const guards = without.length > 0 ? ['--import', WITHOUT_GUARDS] : [];
  const server = spawn(process.execPath, [...guards, MAIN], {
    env: {
      ...COMPILED,
      PATH: process.env.PATH ?? '',
      PORT: '0',
      DATA_DIR: disk.root,
      AGENT_SHELL: 'on',
      MIN_FREE_DISK_MB: String(MIN_FREE_MB),
      RUN_DISK_MB: String(DISK_MB * 4),
      TELEGRAM_BOT_TOKEN: BOT_TOKEN,
      ALLOWED_USERS: String(PERSON),
      TELEGRAM_MODE: 'webhook',
      TELEGRAM_WEBHOOK_SECRET: WEBHOOK_SECRET,
      TELEGRAM_API_ROOT: telegram.apiRoot,
      CLAUDE_CODE_USE_BEDROCK: '1',
      CLAUDE_CODE_SKIP_BEDROCK_AUTH: '1',
      AWS_REGION: 'us-east-1',
      ANTHROPIC_BEDROCK_BASE_URL: model.baseUrl,
      ANTHROPIC_DEFAULT_SONNET_MODEL: 'anthropic.redteam-sonnet-v1:0',
      ANTHROPIC_DEFAULT_OPUS_MODEL: 'anthropic.redteam-opus-v1:0',
      ANTHROPIC_DEFAULT_HAIKU_MODEL: 'anthropic.redteam-haiku-v1:0',
      ...(without.length > 0 ? { REDTEAM_WITHOUT: without.join(',') } : {}),
    },
    cwd: disk.root,
    stdio: ['ignore', 'pipe', process.env.REDTEAM_LOG === undefined ? 'ignore' : 'inherit'],
  });
  made.defer(async () => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    server.kill('SIGKILL');
    await once(server, 'exit');
  });
  telegram.standIn.start({ url: `${await readyUrl(server)}/webhook`, secret: WEBHOOK_SECRET });
  answerByWhatIsAsked(model);
  telegram.standIn.sendAsUser({ chat_id: FORUM, text: 'Say Ready.' });
  await telegram.waitForMessage(FORUM, (text) => text === 'Ready.');
  const kept = made.move();
  return { disk, telegram, model, server, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** Two chats ask at once, and a full disk may make a turn ask again. So each request is answered by its own words. */
function answerByWhatIsAsked(model: ScriptedModel): void {
  model.replyWith((request) => {
    answerByWhatIsAsked(model);
    const blocks = request.body.messages.filter(({ role }) => role === 'user').flatMap(blocksOf);
    const asked = blocks
      .filter(isText)
      .map(({ text }) => /^(Say|Run) (.+)$/m.exec(text))
      .filter((words) => words !== null)
      .at(-1);
    const [, verb, words] = asked ?? [];
    if (verb === 'Run' && blocks.at(-1)?.type !== 'tool_result')
      return [{ type: 'tool_use', name: 'Bash', input: { command: words, timeout: 60_000 } }];
    return [verb === 'Say' && words !== undefined ? words : 'Done.'];
  });
}

/** Lets the attacker's chat run a command, and waits until the shell has begun. */
async function attack({ telegram, disk }: System, command: string): Promise<void> {
  telegram.standIn.sendAsUser({ chat_id: PERSON, text: `Run ${command}` });
  await until(() => disk.free() < (DISK_MB - MIN_FREE_MB) * MB || disk.free() < MIN_FREE_MB * MB);
}

/** @returns how long the other chat waits for its answer, in ms. */
async function askElsewhere({ telegram }: System, answer: string): Promise<number> {
  const beganAtMs = performance.now();
  telegram.standIn.sendAsUser({ chat_id: FORUM, text: `Say ${answer}` });
  await telegram.waitForMessage(FORUM, (text) => text === answer);
  return performance.now() - beganAtMs;
}

async function until(isSo: () => boolean | Promise<boolean>, limitMs = 30_000): Promise<void> {
  const endsAtMs = performance.now() + limitMs;
  while (!(await isSo())) {
    if (performance.now() > endsAtMs) throw new Error('It did not happen in time');
    await delay(10);
  }
}

const WAYS: readonly (readonly [string, string])[] = [
  ['one large file', 'head -c 9G /dev/zero > x; sleep 50'],
  ['many small files', 'mkdir d; i=0; while head -c 200000 /dev/zero > d/$i; do i=$((i+1)); done; sleep 50'],
  ['a file without a name', 'exec 3> x; rm x; head -c 9G /dev/zero >&3; sleep 50'],
  ['its temporary folder', 'head -c 9G /dev/zero > /tmp/x; sleep 50'],
  ['a folder that is shut', 'mkdir s; head -c 9G /dev/zero > s/x & sleep 0.1; chmod 0 s; wait; sleep 50'],
];

describe.skipIf(!CAN_MOUNT)('A shell that fills the disk (as root, Linux)', () => {
  let system: System;
  beforeAll(async () => {
    system = await open([]);
  });
  afterAll(() => system[Symbol.asyncDispose]());

  it.each(WAYS)('ends its own turn alone, with a word about it, by %s', async (_, command) => {
    const { telegram, disk } = system;
    const told = telegram.botTexts(PERSON).length;
    // The machine may be busy with other things, now more and now less.
    const limitMs = PATIENCE_MS + 2 * (await askElsewhere(system, `Quiet ${command.length}`));
    await attack(system, command);
    expect(await askElsewhere(system, `During ${command.length}`)).toBeLessThan(limitMs);
    await until(() =>
      telegram
        .botTexts(PERSON)
        .slice(told)
        .some((text) => text.includes('took too much of the disk')),
    );
    expect(await askElsewhere(system, `After ${command.length}`)).toBeLessThan(limitMs);
    await until(() => disk.free() > (DISK_MB - MIN_FREE_MB) * MB);
    expect(system.server.exitCode).toBeNull();
    // The attacker's own next message is answered, too.
    const asked = telegram.botTexts(PERSON).length;
    telegram.standIn.sendAsUser({ chat_id: PERSON, text: 'Say Again.' });
    await until(() => telegram.botTexts(PERSON).slice(asked).includes('Again.'));
  });

  it('has nothing left of it, in the work folder or among the objects', async () => {
    const names = await readdir(system.disk.root, { recursive: true });
    const sizes = await Promise.all(
      names.map((name) => stat(join(system.disk.root, name)).catch(() => undefined)),
    );
    expect(sizes.filter((stats) => stats?.isFile() === true && stats.size > 16 * MB)).toEqual([]);
  });
});

describe.skipIf(!CAN_MOUNT)('Where nobody watches the disk (as root, Linux)', () => {
  it('the same shell fills it to the end, and the other chat is not answered in time', async () => {
    await using system = await open(['disk']);
    const limitMs = PATIENCE_MS + 2 * (await askElsewhere(system, 'Quiet'));
    await attack(system, 'head -c 9G /dev/zero > x; sleep 50');
    await until(() => system.disk.free() < MB);
    const asked = askElsewhere(system, 'During').catch(() => Infinity);
    expect(await Promise.race([asked, delay(limitMs, Infinity)])).toBe(Infinity);
  });
});
