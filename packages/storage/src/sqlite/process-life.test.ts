import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { isProcessGone, startOf } from './process-life.ts';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function start(command: string, ...args: string[]): ChildProcess {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  children.push(child);
  return child;
}

/** A shell whose child ends and is never asked how: `exec` makes it a program that waits for no child. */
async function startZombie(): Promise<number> {
  const parent = start('/bin/sh', '-c', 'sleep 0 & echo $!; exec sleep 60');
  const [line] = (await once(parent.stdout ?? parent, 'data')) as [Buffer];
  return Number(line.toString().trim());
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
}

describe('isProcessGone', () => {
  it('knows that this process and its parent run, and since when', () => {
    for (const pid of [process.pid, process.ppid]) {
      expect(isProcessGone({ pid })).toBe(false);
      expect(isProcessGone({ pid, started: startOf(pid) })).toBe(false);
    }
  });

  it('knows that a process which ended is gone', async () => {
    const child = start(process.execPath, '--version');
    await once(child, 'exit');
    expect(isProcessGone({ pid: child.pid ?? NaN })).toBe(true);
    expect(startOf(child.pid ?? NaN)).toBeUndefined();
  });

  it.skipIf(process.platform === 'win32')(
    'takes a zombie for gone, although it can still be signalled',
    async () => {
      const pid = await startZombie();
      await until(() => isProcessGone({ pid }));
      expect(process.kill(pid, 0)).toBe(true);
    },
  );

  it.skipIf(process.platform === 'win32')('tells a process from an earlier one with the same id', () => {
    expect(isProcessGone({ pid: process.pid, started: 'earlier' })).toBe(true);
  });

  it.skipIf(process.platform === 'win32')('takes a stopped process for alive', async () => {
    const child = start('sleep', '60');
    await once(child, 'spawn');
    child.kill('SIGSTOP');
    expect(isProcessGone({ pid: child.pid ?? NaN, started: startOf(child.pid ?? NaN) })).toBe(false);
  });
});
