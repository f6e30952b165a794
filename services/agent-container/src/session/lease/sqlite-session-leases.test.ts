import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
import type { Lease } from './session-lease.ts';
import { describeSessionLeases, granted } from './session-leases.contract.ts';
import { SqliteSessionLeases } from './sqlite-session-leases.ts';
import { temporaryDirectory } from '../home/temporary-directory.fixture.ts';
import { startProcess } from '../started-process.fixture.ts';

let root: string;
let directory: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'session-leases-'));
  directory = join(root, 'not', 'there', 'yet');
});
afterEach(() => rm(root, { recursive: true }));

describeSessionLeases('SqliteSessionLeases', (now) => {
  const opened: SqliteSessionLeases[] = [];
  const openOne = (): SqliteSessionLeases => {
    const leases = new SqliteSessionLeases({ directory, now });
    opened.push(leases);
    return leases;
  };
  return Promise.resolve({
    leases: openOne(),
    reopen: () => Promise.resolve(openOne()),
    close: () => {
      for (const leases of opened) leases.close();
      return Promise.resolve();
    },
  });
});

it('gives each of many sessions to exactly one of the processes that ask for them at once', async () => {
  const sessions = Array.from({ length: 40 }, (_, index) => `session ${index}`);
  const processes = [1, 2, 3].map(() =>
    startProcess('./lease/leasing-process.fixture.ts', [directory, sessions.join(',')]),
  );
  for (const { until } of processes) await until('ready');
  for (const { tell } of processes) tell('go');
  const lines = await Promise.all(processes.map(({ rest }) => rest()));
  expect(lines.flat().sort()).toEqual(sessions.map((session) => `won ${session}`).sort());
});

it('keeps one row for each session, which outlives the lease', async () => {
  let nowMs = 0;
  const leases = new SqliteSessionLeases({ directory, now: () => nowMs });
  for (const holder of ['a', 'b', 'c']) {
    await leases.acquire('one', holder, 1);
    nowMs += 1;
  }
  await leases.release(granted(await leases.acquire('one', 'd', 1)));
  leases.close();

  const file = new DatabaseSync(join(directory, 'leases.db'));
  expect(file.prepare('SELECT session_id, holder, fencing_token FROM leases').all()).toEqual([
    { session_id: 'one', holder: null, fencing_token: 4 },
  ]);
  file.close();
});

it('knows a lost lease by its token, should two holders ever have one name', async () => {
  let nowMs = 0;
  const leases = new SqliteSessionLeases({ directory, now: () => nowMs });
  const lost = granted(await leases.acquire('one', 'a', 1));
  nowMs = 1;
  const taken = granted(await leases.acquire('one', 'a', 1));
  expect(await leases.renew(lost, 1)).toBeUndefined();
  await leases.release(lost);
  expect(await leases.renew(taken, 1)).toEqual({ ...taken, expiresAt: new Date(2) });
  leases.close();
});

it('says `store_unavailable`, with the cause, when the file cannot be used', async () => {
  const leases = new SqliteSessionLeases({ directory });
  const lease = granted(await leases.acquire('one', 'a', 1));
  leases.close();
  const unavailable = { code: 'store_unavailable', retryable: true, cause: expect.any(Error) as unknown };
  await expect(leases.acquire('one', 'b', 1)).rejects.toMatchObject(unavailable);
  await expect(leases.renew(lease, 1)).rejects.toMatchObject(unavailable);
  await expect(leases.release(lease)).rejects.toMatchObject(unavailable);
});

it('is usable again after a statement failed in the middle of a change', async () => {
  const leases = new SqliteSessionLeases({ directory });
  await expect(leases.acquire('one', 'a', Number.NaN)).rejects.toMatchObject({ code: 'store_unavailable' });
  expect(granted(await leases.acquire('one', 'b', 1)).fencingToken).toBe(1);
  leases.close();
});

it('A lease of a holder that is known to be gone need not be waited for; its token is not used again', async () => {
  const directory = await temporaryDirectory();
  const leases = new SqliteSessionLeases({ directory, isHolderGone: (holder) => holder === 'killed' });
  onTestFinished(() => leases.close());
  const first = await leases.acquire('s', 'killed', 60_000);
  const second = await leases.acquire('s', 'next', 60_000);
  expect(second).toMatchObject({ lease: { holder: 'next', fencingToken: 2 } });
  expect(await leases.renew((first as { lease: Lease }).lease, 60_000)).toBeUndefined();
  expect(await leases.acquire('s', 'third', 60_000)).toMatchObject({ heldBy: 'next' });
});

it('holds a session no longer than was asked when the clock is set back two hours', async () => {
  let nowMs = Date.UTC(2026, 5, 1, 12);
  const leases = new SqliteSessionLeases({ directory, now: () => nowMs });
  granted(await leases.acquire('one', 'a', 15_000));
  nowMs -= 2 * 60 * 60 * 1000;
  const until = new Date(nowMs + 15_000);
  expect(await leases.acquire('one', 'b', 15_000)).toEqual({ heldBy: 'a', until });
  nowMs += 15_000;
  expect(granted(await leases.acquire('one', 'b', 15_000)).holder).toBe('b');
  leases.close();
});
