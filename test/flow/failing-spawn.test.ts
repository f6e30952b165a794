// the system refuses a child process, for one reason after another → that try of the turn fails, and the same server answers the next one
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { type LocalSystem, startLocal } from '@omnicloud/local/internal/compose.ts';
import { parseLocalConfig } from '@omnicloud/local/internal/config.ts';
import { type ScriptedModel, startScriptedModel } from '../fakes/scripted-model.ts';
import {
  PERSON,
  startTelegramServer,
  type TelegramServer,
  WEBHOOK_SECRET,
} from '../fakes/telegram-server.ts';
import { environmentOf } from './system.fixture.ts';

/** What Node asks the system for a process with: it returns 0, or the system's error as a negative number. */
interface ProcessHandle {
  spawn: (this: ProcessHandle, ...what: unknown[]) => number;
}

let telegram: TelegramServer;
let model: ScriptedModel;
let dataDir: string;
let system: LocalSystem;
let handle: ProcessHandle;
const reported: unknown[] = [];

beforeAll(async () => {
  telegram = await startTelegramServer();
  model = await startScriptedModel();
  dataDir = await mkdtemp(join(tmpdir(), 'omnicloud-spawn-'));
  const log = { info: () => undefined, error: (_: string, error: unknown) => void reported.push(error) };
  const config = parseLocalConfig(environmentOf({ dataDir, telegram, model }));
  system = await startLocal(config, log, { retryDelayMs: () => 0 });
  telegram.standIn.start({ url: `${system.url}/webhook`, secret: WEBHOOK_SECRET });
  const child = spawn(process.execPath, ['-v'], { stdio: 'ignore' }) as unknown as {
    readonly _handle: ProcessHandle;
  };
  handle = Object.getPrototypeOf(child._handle) as ProcessHandle;
  await once(child as never, 'exit');
}, 60_000);
afterAll(async () => {
  await system.close();
  await telegram.close();
  await model.close();
  await rm(dataDir, { recursive: true, force: true });
});

/** The system gives the CLI no process once, for this reason. Other programs are given theirs, such as one that removes files. */
function refuseOnce(errno: number): void {
  const { spawn: given } = handle;
  const restore = (): void => {
    handle.spawn = given;
  };
  onTestFinished(restore);
  handle.spawn = function (...what) {
    // In what form Node hands the arguments over is its own affair.
    if (!JSON.stringify(what).includes('stream-json')) return given.apply(this, what);
    restore();
    return -errno;
  };
}

function codesOf(error: unknown): unknown[] {
  if (!(error instanceof Error)) return [];
  return ['code' in error ? error.code : undefined, ...codesOf(error.cause)];
}

it.each([
  'EMFILE',
  'ENFILE',
  'EAGAIN',
  'ENOMEM',
  'EACCES',
  'ENOENT',
  'E2BIG',
  'EPERM',
  'ENOEXEC',
  'ETXTBSY',
  'EIO',
] as const)(
  'A CLI that cannot be started (%s) fails one try of its turn, and the next one is answered by the same server',
  { timeout: 60_000 },
  async (code) => {
    reported.length = 0;
    refuseOnce(constants.errno[code]);
    model.reply(`Answered after ${code}.`);
    telegram.standIn.sendAsUser({ chat_id: PERSON, text: `Go on despite ${code}` });
    await telegram.waitForMessage(PERSON, (text) => text === `Answered after ${code}.`);
    // The turn's own error, which may be tried again, and the system's below it.
    expect(reported.map(codesOf)).toContainEqual(expect.arrayContaining(['agent_crashed', code]));
  },
);
