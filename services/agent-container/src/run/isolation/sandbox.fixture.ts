import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { temporaryDirectory } from '../../session/home/temporary-directory.fixture.ts';
import { allProcesses } from './process-group.ts';
import { closedCli } from './closed-program.ts';
import type { Confinement, Isolation } from './isolation.ts';
import { NamespaceIsolation } from './namespace-isolation.ts';
import { probe } from './probe/probe-isolation.ts';

export async function haveNamespaces(): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const workRoot = join(tmpdir(), `omnicloud-probe-${process.pid}`);
  try {
    const probed = await probe(new NamespaceIsolation(), { workRoot, hidden: [], cli: await closedCli() });
    return probed === 'holds';
  } finally {
    await rm(workRoot, { recursive: true, force: true });
  }
}

/** Two sessions side by side; what is started runs in the first one's sandbox. */
export interface Sandbox {
  readonly root: string;
  readonly workspace: string;
  readonly confinement: Confinement;
  /** Starts a script; the last of the arguments stand behind it. */
  readonly start: (script: string, ...args: string[]) => ChildProcess;
  readonly run: (script: string, ...args: string[]) => Promise<{ code: unknown; output: string }>;
}

/** @param name of the folder around the sessions. */
export async function openSandbox(
  isolation: Isolation,
  { loopbackPort, name = 'sessions' }: { loopbackPort?: number; name?: string } = {},
): Promise<Sandbox> {
  const parent = await temporaryDirectory();
  await chmod(parent, 0o755);
  const root = join(parent, name);
  await mkdir(root, { mode: 0o700 });
  const one = join(root, 'one');
  const [workspace, temporary] = [join(one, 'workspace'), join(one, 'tmp')];
  for (const folder of [one, workspace, temporary, join(root, 'two')]) await mkdir(folder, { mode: 0o700 });
  await writeFile(join(root, 'two', 'secret'), 'planted');
  const place = { root: one, writable: [workspace], readable: [], temporary, loopbackPort };
  const confinement = await isolation.open(place);
  onTestFinished(() => confinement.close());
  const start = (script: string, ...args: string[]): ChildProcess => {
    const inner = { command: '/bin/sh', args: ['-c', script, 'sh', ...args], cwd: workspace };
    const wrapped = confinement.wrap({
      ...inner,
      env: { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: workspace },
    });
    const child = spawn(wrapped.command, wrapped.args, {
      cwd: wrapped.cwd,
      env: wrapped.env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    return child;
  };
  return {
    root,
    workspace,
    confinement,
    start,
    run: async (script, ...args) => {
      const child = start(script, ...args);
      const exit = once(child, 'exit');
      const output = await Promise.all([read(child.stdout), read(child.stderr)]);
      const [code] = (await exit) as unknown[];
      return { code, output: output.join('') };
    },
  };
}

async function read(stream: Readable | null): Promise<string> {
  return stream ? text(stream) : '';
}

/** @returns the port of a server on loopback, outside. */
export async function greeter(): Promise<number> {
  const server = createServer((_, response) => response.end('hello from outside'));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** A script that asks the server and says what it got. */
export const FETCH = (port: number): string =>
  `node -e "fetch('http://127.0.0.1:${port}').then((r) => r.text()).then(console.log, () => console.log('refused'))"`;

/** @returns the ids of processes, seen from outside, whose arguments hold the mark. */
export async function processesWith(mark: string): Promise<number[]> {
  const pids: number[] = [];
  for (const { pid } of await allProcesses()) {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (line.includes(mark) && pid !== process.pid) pids.push(pid);
  }
  return pids;
}

/** Says "up", then leaves a process behind that left its group and its session, and stays. The mark is in everyone's arguments. */
export const ESCAPE = `setsid sh -c 'while :; do sleep 0.05; done' "$1" >/dev/null 2>&1 & echo up; while :; do sleep 1; done`;
