import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { isGone, THIS_PROCESS } from './claim-owner.ts';

it('knows that this process and its parent exist', () => {
  expect(isGone(THIS_PROCESS)).toBe(false);
  expect(isGone({ ...THIS_PROCESS, pid: process.ppid, started: null, processId: 'parent' })).toBe(false);
});

it('knows that a process which ended is gone', async () => {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await once(child, 'exit');
  expect(isGone({ ...THIS_PROCESS, pid: child.pid ?? NaN, processId: 'child' })).toBe(true);
});

it('takes the process that had its own process id before it for gone, as after the restart of a container', () => {
  expect(isGone({ ...THIS_PROCESS, processId: 'earlier' })).toBe(true);
});

it('takes a later process that got the same process id for another one', () => {
  expect(isGone({ ...THIS_PROCESS, pid: process.ppid, started: 'earlier', processId: 'other' })).toBe(true);
});

it('does not judge a process of another host, where process ids mean something else', () => {
  expect(isGone({ ...THIS_PROCESS, host: 'elsewhere', processId: 'other' })).toBe(false);
});
