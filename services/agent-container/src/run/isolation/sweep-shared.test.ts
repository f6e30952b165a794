import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sweepShared } from './sweep-shared.ts';
import { firstUserOf } from './test-users.fixture.ts';

const isRoot = process.platform === 'linux' && process.getuid?.() === 0;
const SOMEBODY = firstUserOf('sweep-shared');
const ANOTHER = SOMEBODY + 1;

function by(uid: number, program: string, ...args: string[]): void {
  execFileSync('setpriv', [
    '--reuid',
    String(uid),
    '--regid',
    String(uid),
    '--clear-groups',
    program,
    ...args,
  ]);
}

/** @returns how many objects of System V a user has, by their kinds. */
function objectsOf(uid: number): Record<string, number> {
  const count = (kind: string): number =>
    readFileSync(`/proc/sysvipc/${kind}`, 'utf8').match(new RegExp(`\\s${uid}\\s`, 'g'))?.length ?? 0;
  return { shm: count('shm'), msg: count('msg'), sem: count('sem') };
}

describe.skipIf(!isRoot)('What a run leaves in the memory that all share (root on Linux)', () => {
  it.each([
    ['segments of memory', 'shm', ['-M', '4096']],
    ['message queues', 'msg', ['-Q']],
    ['semaphores', 'sem', ['-S', '3']],
  ] as const)('%s of its user are removed, and those of others stay', async (_, kind, args) => {
    onTestFinished(() => sweepShared(ANOTHER));
    onTestFinished(() => sweepShared(SOMEBODY));
    for (const uid of [SOMEBODY, SOMEBODY, ANOTHER]) by(uid, 'ipcmk', ...args);
    const before = objectsOf(SOMEBODY);
    expect(before[kind]).toBeGreaterThan(0);
    const others = objectsOf(ANOTHER);
    expect(others[kind]).toBeGreaterThan(0);
    await sweepShared(SOMEBODY);
    expect(objectsOf(SOMEBODY)).toEqual({ shm: 0, msg: 0, sem: 0 });
    expect(objectsOf(ANOTHER)).toEqual(others);
  });
});
