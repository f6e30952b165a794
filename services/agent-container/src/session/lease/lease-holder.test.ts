import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { expect, it } from 'vitest';
import { holderName, isHolderGone } from './lease-holder.ts';

it('A holder of this process is here, and its name is its own', () => {
  expect(isHolderGone(holderName())).toBe(false);
  expect(holderName()).not.toBe(holderName());
});

it('An earlier process with the same id is gone', () => {
  expect(isHolderGone(`${hostname()}/${process.pid}/another/1`)).toBe(true);
});

it('A process that ended is gone, one that lives is not', async () => {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()']);
  const name = `${hostname()}/${child.pid}/x/1`;
  expect(isHolderGone(name)).toBe(false);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(isHolderGone(name)).toBe(true);
});

it('A later process that got the same id is another one', () => {
  const started = Buffer.from('earlier').toString('base64url');
  expect(isHolderGone(`${hostname()}/${process.ppid}/x/1`)).toBe(false);
  expect(isHolderGone(`${hostname()}/${process.ppid}/x/1/${started}`)).toBe(true);
});

it('Nothing is known of other machines, or of names of another form', () => {
  expect(isHolderGone('another-host/999999/x/1')).toBe(false);
  expect(isHolderGone('someone')).toBe(false);
});
