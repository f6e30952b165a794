import { ChildProcess, type ChildProcessByStdio, execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, watch } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { SpawnedProcess } from '@anthropic-ai/claude-agent-sdk';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type SessionHome, sessionHome } from '../../session/home/session-home.ts';
import { temporaryDirectory } from '../../session/home/temporary-directory.fixture.ts';
import { endLeftoverCli } from '../../session/home/end-leftover-cli.ts';
import { cliProcess } from './spawn-cli.ts';

const NAMES = ['stdin', 'stdout', 'stderr'];
/** Says "ready" and repeats what it is told, for ever. */
const ECHO =
  "process.stdout.write('ready\\n'); process.stdin.on('data', (told) => process.stdout.write(told))";
/** Says so as a CLI would, in a child of its own that it shares its output with. */
const PARENT = `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(
  `process.stdout.write('{"type":"system","subtype":"ready"}\\n'); setInterval(() => {}, 1e6)`,
)}], { stdio: ['ignore', 'inherit', 'ignore'] }); setInterval(() => {}, 1e6)`;

async function emptyHome(): Promise<SessionHome> {
  const home = sessionHome(await temporaryDirectory(), randomUUID());
  await mkdir(home.root, { recursive: true });
  return home;
}

const spawnOptions = (code: string): Parameters<ReturnType<typeof cliProcess>['spawn']>[0] => ({
  command: process.execPath,
  args: ['-e', code],
  cwd: process.cwd(),
  env: {},
  signal: new AbortController().signal,
});

/** A process group that outlived the server which started it. */
async function leftover(
  code: string,
  session: string,
): Promise<ChildProcessByStdio<Writable, Readable, null>> {
  const child = spawn(process.execPath, ['-e', code, '--', '--resume', session], {
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await nextLine(child.stdout);
  return child;
}

async function nextLine(output: NodeJS.ReadableStream): Promise<unknown> {
  const lines = createInterface({ input: output });
  const [line] = (await once(lines, 'line')) as unknown[];
  lines.close();
  return line;
}

/** What `spawn` gave the SDK, as the child process it is. */
function childOf(process: SpawnedProcess): ChildProcess {
  if (!(process instanceof ChildProcess)) throw new TypeError('Not a child process');
  return process;
}

/** Resolves when the file holds the text. */
async function holds(home: SessionHome, file: string, text: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const look = (): void => {
    if (existsSync(file) && readFileSync(file, 'utf8') === text) resolve(undefined);
  };
  const watcher = watch(home.root, look);
  look();
  await promise;
  watcher.close();
}

describe('the CLI process', () => {
  it('is recorded by its id while it runs, for whoever finds it after a crash of this server', async () => {
    const home = await emptyHome();
    const cli = cliProcess(home);
    const { pid } = childOf(cli.spawn(spawnOptions(ECHO)));
    await holds(home, home.processFile, String(pid));
    await cli.end();
    expect(existsSync(home.processFile)).toBe(false);
  });

  it('is gone with its children when it was ended', async () => {
    const cli = cliProcess(await emptyHome());
    const spawned = cli.spawn(spawnOptions(PARENT));
    const child = childOf(spawned);
    await nextLine(spawned.stdout);
    // The grandchild holds the other end of the output, too: it closes only when both are dead.
    const closed = once(child, 'close');
    spawned.stdout.resume();
    await cli.end();
    expect(child.signalCode).toBe('SIGKILL');
    expect(await closed).toEqual([null, 'SIGKILL']);
  });

  it('leaves the end of what it wrote to stderr', async () => {
    const cli = cliProcess(await emptyHome());
    const code = "process.stderr.write('a'.repeat(20_000) + 'é the reason\\n')";
    const spawned = cli.spawn(spawnOptions(code));
    spawned.stdout.resume();
    await once(childOf(spawned), 'close');
    expect(cli.stderr()).toMatch(/^a+é the reason$/);
    expect(cli.stderr().length).toBeLessThanOrEqual(8 * 1024);
    await cli.end();
  });

  it('may be ended when it already ended by itself, and when it never began', async () => {
    const home = await emptyHome();
    const cli = cliProcess(home);
    await once(childOf(cli.spawn(spawnOptions(''))), 'exit');
    await cli.end();
    await cliProcess(home).end();
    expect(existsSync(home.processFile)).toBe(false);
  });

  it.each(['stdin', 'stdout', 'stderr'] as const)(
    'that loses its %s fails alone: nobody hears of it but whoever reads',
    async (name) => {
      const cli = cliProcess(await emptyHome());
      const spawned = cli.spawn(spawnOptions(PARENT));
      const child = childOf(spawned);
      await nextLine(spawned.stdout);
      spawned.stdout.resume();
      for (const code of ['EPIPE', 'ECONNRESET', 'EIO'])
        child.stdio[NAMES.indexOf(name)]?.emit(
          'error',
          Object.assign(new Error(code), { code, syscall: 'read' }),
        );
      child.stdio[NAMES.indexOf(name)]?.destroy(Object.assign(new Error('EPIPE'), { code: 'EPIPE' }));
      spawned.stdin.write('{}\n');
      await cli.end();
      spawned.stdin.write('{}\n');
      expect(child.signalCode).toBe('SIGKILL');
    },
  );

  it('may be ended when its program could not be started, and says why', async () => {
    const cli = cliProcess(await emptyHome());
    const child = childOf(cli.spawn({ ...spawnOptions(''), command: '/nowhere/cli' }));
    const [error] = (await once(child, 'error')) as unknown[];
    expect(error).toMatchObject({ code: 'ENOENT' });
    await cli.end();
    expect(cli.failure()).toMatchObject({
      code: 'agent_crashed',
      retryable: true,
      cause: { code: 'ENOENT' },
    });
  });
});

it.skipIf(process.platform === 'win32')(
  'a CLI that cannot be started for want of descriptors fails its turn, and the server lives on',
  async () => {
    const program = fileURLToPath(new URL('starved-process.fixture.ts', import.meta.url));
    const cwd = await temporaryDirectory();
    const starved = promisify(execFile)(
      'sh',
      ['-c', 'ulimit -n 128; exec "$@"', 'sh', process.execPath, program],
      { cwd },
    );
    expect(JSON.parse((await starved).stdout)).toMatchObject({
      code: 'agent_crashed',
      failure: 'agent_crashed',
      cause: { code: 'EMFILE' },
    });
  },
);

describe.skipIf(process.platform === 'win32')('a CLI process that was left over', () => {
  it('is ended with its group when its arguments name the session', async () => {
    const home = await emptyHome();
    const child = await leftover(PARENT, home.sessionId);
    const closed = once(child, 'close');
    child.stdout.resume();
    await writeFile(home.processFile, String(child.pid));
    await endLeftoverCli(home);
    expect(await closed).toEqual([null, 'SIGKILL']);
    expect(existsSync(home.processFile)).toBe(false);
  });

  it('is spared when the id now belongs to another process', async () => {
    const home = await emptyHome();
    const child = await leftover(ECHO, randomUUID());
    await writeFile(home.processFile, String(child.pid));
    await endLeftoverCli(home);
    child.stdin.write('still there\n');
    expect(await nextLine(child.stdout)).toBe('still there');
    expect(existsSync(home.processFile)).toBe(false);
  });

  it.each(['', 'no number', '1', '0', '-1', '999999999'])(
    'is nobody when the record says %j',
    async (record) => {
      const home = await emptyHome();
      await writeFile(home.processFile, record);
      await expect(endLeftoverCli(home)).resolves.toBeUndefined();
    },
  );

  it('is nobody when there is no record', async () => {
    await expect(endLeftoverCli(await emptyHome())).resolves.toBeUndefined();
  });
});
