import { createHook } from 'node:async_hooks';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { Homes, type IdleHomeLimits, LONE_HOME_LIMITS, markSaved } from './idle-homes.ts';
import { type SessionHome, sessionHome } from './session-home.ts';
import { temporaryDirectory } from './temporary-directory.fixture.ts';

const AN_HOUR_MS = 60 * 60 * 1000;
/** Whatever the disk of this machine is like. */
const LIMITS: IdleHomeLimits = { ...LONE_HOME_LIMITS, freeBytes: 0 };
const SHARED = { ...LIMITS, unsavedMs: 24 * AN_HOUR_MS };

/** @returns the home of the nth session. */
const homeIn = (workRoot: string, n: number): SessionHome =>
  sessionHome(workRoot, `0190c8a4-0000-4000-8000-${String(n).padStart(12, '0')}`);

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

const failLoudly = (error: unknown): never => {
  throw new Error('An error was reported', { cause: error });
};

/** @returns the homes of a server that starts here. */
async function start(workRoot: string, limits: IdleHomeLimits): Promise<Homes> {
  const homes = new Homes(workRoot, failLoudly, limits);
  await homes.scan();
  await homes.makeRoom();
  return homes;
}

/** One turn in a home. */
async function turn(homes: Homes, home: SessionHome, savedBytes?: number): Promise<void> {
  const use = await homes.use(home);
  await homes.makeRoom();
  if (savedBytes !== undefined) await markSaved(home, savedBytes);
  await use.end();
  await homes.makeRoom();
}

it('The homes that were used longest ago go first, until the others are few and small enough', async () => {
  const workRoot = await temporaryDirectory();
  for (const n of [1, 2, 3, 4, 5]) await makeHome(homeIn(workRoot, n), n, 100);
  await start(workRoot, { ...LIMITS, homes: 4 });
  expect(await left(workRoot)).toBe('1234');
  const homes = await start(workRoot, { ...LIMITS, bytes: 250 });
  expect(await left(workRoot)).toBe('12');
  await turn(homes, homeIn(workRoot, 2), 100);
  await turn(homes, homeIn(workRoot, 3), 100);
  expect(await left(workRoot)).toBe('23');
});

it('A home that was not saved is dropped when its turn ends, and what it logged can be kept before', async () => {
  const workRoot = await temporaryDirectory();
  const homes = await start(workRoot, SHARED);
  const home = homeIn(workRoot, 1);
  await turn(homes, home, 1);
  expect(await left(workRoot)).toBe('1');
  const use = await homes.use(home);
  await writeFile(join(home.root, 'large'), 'x');
  let seen: string[] = [];
  await use.end(async () => {
    seen = await readdir(home.root);
  });
  expect(seen).toContain('large');
  expect(await left(workRoot)).toBe('');
});

it('The CLI that a killed server left is ended before its home is removed, so that it writes nothing into the next one', async () => {
  const workRoot = await temporaryDirectory();
  const home = homeIn(workRoot, 1);
  await mkdir(home.root);
  const { pid: gone } = spawnSync(process.execPath, ['-e', '']);
  await writeFile(join(home.root, 'in-use'), `${hostname()}/${gone}/gone/x`);
  const cli = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1_000)', home.sessionId], {
    detached: true,
    stdio: 'ignore',
  });
  onTestFinished(() => void cli.kill('SIGKILL'));
  const ended = once(cli, 'exit');
  await writeFile(home.processFile, String(cli.pid));
  await start(workRoot, SHARED);
  expect(await ended).toEqual([null, 'SIGKILL']);
  expect(await readdir(workRoot)).toEqual([]);
});

it('What a server that was killed left in the middle of a turn is gone at the next start, saved or not before', async () => {
  const workRoot = await temporaryDirectory();
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  for (const n of [1, 2]) {
    await makeHome(homeIn(workRoot, n), 0);
    await writeFile(join(homeIn(workRoot, n).root, 'in-use'), `${hostname()}/${pid}/gone/x`);
  }
  await makeHome(homeIn(workRoot, 3), 1, 1);
  await mkdir(join(workRoot, '.removed-1', 'workspace'), { recursive: true });
  await start(workRoot, SHARED);
  expect(await left(workRoot)).toBe('3');
});

it('A turn that begins while the left home of its session is removed begins in a home of its own, which stays', async () => {
  const workRoot = await temporaryDirectory();
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  const home = homeIn(workRoot, 1);
  for (const isSaved of [false, true])
    for (let steps = 0; steps < 40; steps += 1) {
      await makeHome(home, 1, isSaved ? 1 : undefined);
      await writeFile(join(home.root, isSaved ? 'x' : 'in-use'), `${hostname()}/${pid}/gone/x`);
      const homes = new Homes(workRoot, failLoudly, { ...SHARED, homes: 0 });
      const started = homes.scan().then(() => homes.makeRoom());
      // As many looks at the disk later.
      for (let step = 0; step < steps; step += 1) await readdir(workRoot);
      const use = await homes.use(home);
      await writeFile(join(home.root, 'mine'), 'x');
      await started;
      expect(await readdir(home.root)).toEqual(expect.arrayContaining(['in-use', 'mine']));
      await use.end();
    }
});

it('A home that another living server is in stays, however old it looks', async () => {
  const workRoot = await temporaryDirectory();
  await makeHome(homeIn(workRoot, 1), 100);
  await writeFile(join(homeIn(workRoot, 1).root, 'in-use'), `elsewhere/${process.pid}/x/x`);
  await start(workRoot, { ...SHARED, homes: 0 });
  expect(await left(workRoot)).toBe('1');
  const homes = await start(workRoot, SHARED);
  // It takes the session over in the middle of our turn.
  const use = await homes.use(homeIn(workRoot, 1));
  await writeFile(join(homeIn(workRoot, 1).root, 'in-use'), `elsewhere/${process.pid}/x/x`);
  await use.end();
  expect(await left(workRoot)).toBe('1');
});

it('A home of an older release that never was saved goes when it is old', async () => {
  const workRoot = await temporaryDirectory();
  for (const n of [1, 2, 3]) await makeHome(homeIn(workRoot, n), n);
  await start(workRoot, { ...LIMITS, unsavedMs: 2.5 * AN_HOUR_MS });
  expect(await left(workRoot)).toBe('12');
  await start(workRoot, { ...LIMITS, unsavedMs: 0 });
  expect(await left(workRoot)).toBe('');
});

it('When the disk is nearly full, no idle home stays, however small it was when it was saved', async () => {
  const workRoot = await temporaryDirectory();
  for (const n of [1, 2, 3]) await makeHome(homeIn(workRoot, n), n, 1);
  await start(workRoot, { ...LIMITS, idleMs: 1.5 * AN_HOUR_MS, freeBytes: Number.MAX_VALUE });
  expect(await left(workRoot)).toBe('1');
});

it('A home that a run is in stays, and so does what is no home', async () => {
  const workRoot = await temporaryDirectory();
  await mkdir(join(workRoot, 'x'));
  const home = homeIn(workRoot, 1);
  await makeHome(home, 1, 1);
  const homes = new Homes(workRoot, failLoudly, { ...LIMITS, homes: 0 });
  const [use, second] = [await homes.use(home), await homes.use(home)];
  await homes.scan();
  await homes.makeRoom();
  await second.end();
  expect(await left(workRoot)).toBe('1x');
  await use.end();
  expect(await left(workRoot)).toBe('x');
});

it('Two servers that remove at once agree', async () => {
  const workRoot = await temporaryDirectory();
  for (const n of [1, 2, 3]) await makeHome(homeIn(workRoot, n), n, 1);
  await Promise.all([1, 2].map(() => start(workRoot, { ...LIMITS, homes: 0 })));
  expect(await left(workRoot)).toBe('');
});

it('The work of a turn does not grow with the number of homes', async () => {
  const callsWith = async (count: number): Promise<number> => {
    const workRoot = await temporaryDirectory();
    for (let n = 1; n <= count; n += 1) await makeHome(homeIn(workRoot, n), n, 1);
    const homes = await start(workRoot, { ...LIMITS, homes: 1_000 });
    let calls = 0;
    const hook = createHook({ init: (_, type) => (calls += type.startsWith('FSREQ') ? 1 : 0) }).enable();
    await turn(homes, homeIn(workRoot, 1), 1);
    hook.disable();
    expect(await readdir(workRoot)).toHaveLength(count);
    return calls;
  };
  const few = await callsWith(2);
  expect(few).toBeGreaterThan(5);
  expect(await callsWith(200)).toBe(few);
});
