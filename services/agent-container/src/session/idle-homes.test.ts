import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type IdleHomeLimits, LONE_HOME_LIMITS, markSaved, removeIdleHomes, useHome } from './idle-homes.ts';
import { type SessionHome, sessionHome } from './session-home.ts';
import { temporaryDirectory } from './temporary-directory.fixture.ts';

const AN_HOUR_MS = 60 * 60 * 1000;
/** Whatever the disk of this machine is like. */
const LIMITS: IdleHomeLimits = { ...LONE_HOME_LIMITS, freeBytes: 0 };

/** @returns the home of the nth session. */
const homeIn = (workRoot: string, n: number): SessionHome =>
  sessionHome(workRoot, `0190c8a4-0000-4000-8000-00000000000${n}`);

/** Makes a home that was used some hours ago. */
async function makeHome(home: SessionHome, hoursAgo: number, savedBytes?: number): Promise<void> {
  await mkdir(home.workspace, { recursive: true });
  await writeFile(join(home.workspace, 'file'), 'content');
  const at = new Date(Date.now() - hoursAgo * AN_HOUR_MS);
  if (savedBytes !== undefined) {
    await markSaved(home, savedBytes);
    await utimes(join(home.root, 'saved.json'), at, at);
  }
  await utimes(home.root, at, at);
}

/** @returns the last digits of the sessions whose homes are there, and whatever else is. */
async function left(workRoot: string): Promise<string> {
  return (await readdir(workRoot)).map((name) => name.at(-1)).join('');
}

it('The homes that were used longest ago go first, until the others are few and small enough', async () => {
  const workRoot = await temporaryDirectory();
  for (const n of [1, 2, 3, 4, 5]) await makeHome(homeIn(workRoot, n), n, 100);
  await removeIdleHomes(workRoot, { ...LIMITS, homes: 4 });
  expect(await left(workRoot)).toBe('1234');
  await removeIdleHomes(workRoot, { ...LIMITS, bytes: 250 });
  expect(await left(workRoot)).toBe('12');
});

it('A session whose turns never succeeded does not fill the disk for ever', async () => {
  const workRoot = await temporaryDirectory();
  for (const n of [1, 2, 3]) await makeHome(homeIn(workRoot, n), n);
  const limits = { ...LIMITS, homes: 0, unsavedMs: 2.5 * AN_HOUR_MS };
  await removeIdleHomes(workRoot, limits);
  expect(await left(workRoot)).toBe('12');
  await removeIdleHomes(workRoot, { ...limits, unsavedMs: 0 });
  expect(await left(workRoot)).toBe('');
});

it('When the disk is nearly full, no idle home stays, however small it was when it was saved', async () => {
  const workRoot = await temporaryDirectory();
  for (const n of [1, 2, 3]) await makeHome(homeIn(workRoot, n), n, 1);
  await removeIdleHomes(workRoot, { ...LIMITS, idleMs: 1.5 * AN_HOUR_MS, freeBytes: Number.MAX_VALUE });
  expect(await left(workRoot)).toBe('1');
});

it('A home that a run is in stays, and so does what is no home', async () => {
  const workRoot = await temporaryDirectory();
  await mkdir(join(workRoot, 'x'));
  const home = homeIn(workRoot, 1);
  await makeHome(home, 1, 1);
  const use = useHome(home);
  await removeIdleHomes(workRoot, { ...LIMITS, homes: 0 });
  expect(await left(workRoot)).toBe('1x');
  use[Symbol.dispose]();
  await removeIdleHomes(workRoot, { ...LIMITS, homes: 0 });
  expect(await left(workRoot)).toBe('x');
});

it('What was half removed when a process was killed is gone, and two that remove at once agree', async () => {
  const workRoot = await temporaryDirectory();
  await mkdir(join(workRoot, '.removed-1', 'workspace'), { recursive: true });
  for (const n of [1, 2, 3]) await makeHome(homeIn(workRoot, n), n, 1);
  await Promise.all([1, 2].map(() => removeIdleHomes(workRoot, { ...LIMITS, homes: 0 })));
  expect(await left(workRoot)).toBe('');
});
