import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isProcessGone } from '@omnicloud/storage';
import { onTestFinished } from 'vitest';
import { COMPILED } from '../compiled.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const LOOK_EVERY_MS = 50;

/** A server that was started as people start it, with what it says. */
export interface StartedServer {
  readonly child: ChildProcess;
  /** Where it listens; undefined when it ended before. */
  readonly url: string | undefined;
  /** The whole line that says so. */
  readonly ready: string | undefined;
  /** What it wrote to stderr so far. */
  stderr(): string;
  /** @returns the code that what was started ended with. */
  ended(): Promise<number | null>;
}

/** @returns an empty folder for the data, removed when the test is over. */
export async function dataFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'omnicloud-data-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));
  return folder;
}

/**
 * Starts a command in the project's folder and waits until the server is ready or has ended. Nothing of it is left when the test is over.
 * @param settings besides PATH, HOME and `PORT=0`.
 */
export async function startServer(
  [command = '', ...args]: readonly string[],
  settings: Readonly<Record<string, string>>,
  options: Pick<SpawnOptions, 'detached'> = {},
): Promise<StartedServer> {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(command, args, {
    cwd: ROOT,
    env: { ...COMPILED, PATH, HOME, PORT: '0', npm_config_update_notifier: 'false', ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
  });
  const close = once(child, 'close') as Promise<[number | null]>;
  onTestFinished(async () => {
    const { DATA_DIR: folder = '' } = settings;
    const server = await serverIn(folder);
    if (server !== undefined && !isProcessGone({ pid: server })) process.kill(server, 'SIGKILL');
    child.kill('SIGKILL');
    await close;
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const { promise: said, resolve } = Promise.withResolvers<string | undefined>();
  createInterface(child.stdout).on('line', (line) => {
    if (line.startsWith('ready ')) resolve(line);
  });
  void close.then(() => resolve(undefined));
  const ready = await said;
  const url = /^ready (http:\S+)/.exec(ready ?? '')?.[1];
  return { child, url, ready, stderr: () => stderr, ended: async () => (await close)[0] };
}

/** @returns the id of the process that works in the folder, as the folder's note has it; undefined when nobody does. */
export async function serverIn(folder: string): Promise<number | undefined> {
  const note = await readFile(join(folder, 'server.json'), 'utf8').catch(() => undefined);
  return note === undefined ? undefined : (JSON.parse(note) as { pid: number }).pid;
}

/** Resolves when the process has ended, a zombie included; the test's own time limit is the only one. */
export async function untilGone(pid: number): Promise<void> {
  while (!isProcessGone({ pid })) await delay(LOOK_EVERY_MS);
}
