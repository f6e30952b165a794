import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SqliteStopRequests } from './sqlite-stop-requests.ts';
import { describeStopRequests } from './stop-requests.contract.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

let root: string;
let directory: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'stop-requests-'));
  directory = join(root, 'not', 'there', 'yet');
});
afterEach(() => rm(root, { recursive: true }));

describeStopRequests('SqliteStopRequests', (now) => {
  const opened: SqliteStopRequests[] = [];
  const openOne = (): SqliteStopRequests => {
    const stops = new SqliteStopRequests({ directory, now });
    opened.push(stops);
    return stops;
  };
  return Promise.resolve({
    stops: openOne(),
    reopen: () => Promise.resolve(openOne()),
    close: () => {
      for (const stops of opened) stops.close();
      return Promise.resolve();
    },
  });
});

it('deletes expired requests from the file when another one is made', async () => {
  let nowMs = 0;
  const stops = new SqliteStopRequests({ directory, now: () => nowMs });
  await stops.request('1:0', 1);
  nowMs = DAY_MS - 1;
  await stops.request('2:0', 2);
  nowMs = DAY_MS;
  await stops.request('3:0', 3);
  stops.close();

  const file = new DatabaseSync(join(directory, 'stops.db'));
  expect(file.prepare('SELECT session_key FROM stop_requests').all()).toEqual([
    { session_key: '2:0' },
    { session_key: '3:0' },
  ]);
  file.close();
});
