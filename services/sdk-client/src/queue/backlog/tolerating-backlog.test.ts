import { groupOf } from '@omnicloud/protocol';
import { beforeEach, expect, it } from 'vitest';
import { BacklogUnavailableError } from '../../errors.ts';
import type { Backlog } from './backlog.ts';
import { OTHER_CHAT, sampleTurn } from '../sample-turn.fixture.ts';
import { toleratingBacklog } from './tolerating-backlog.ts';

const GROUP = groupOf(sampleTurn(1));

let isDown: boolean;
let failures: number;
let calls: number;
let noted: number[];
let reported: unknown[];
let backlog: Backlog;

beforeEach(() => {
  isDown = false;
  failures = 0;
  calls = 0;
  noted = [];
  reported = [];
  const orDown = <Result>(use: () => Result): Promise<Result> => {
    calls += 1;
    failures -= 1;
    const fails = isDown || failures >= 0;
    return fails ? Promise.reject(new BacklogUnavailableError('table down')) : Promise.resolve(use());
  };
  backlog = toleratingBacklog(
    {
      add: (turn) => orDown(() => void noted.push(turn.update_id)),
      list: () => orDown(() => noted.map((id) => ({ turn: sampleTurn(id), behind: 0 }))),
      remove: (_, ids) => orDown(() => void (noted = noted.filter((id) => !ids.includes(id)))),
    },
    (error) => reported.push(error),
  );
});

it('rejects nothing and shows nothing while the view is away, and reports each outage once', async () => {
  isDown = true;
  for (const id of [1, 2, 3]) await backlog.add(sampleTurn(id));
  expect(await backlog.list(GROUP)).toEqual([]);
  await backlog.remove(GROUP, [9]);
  expect(reported).toEqual([expect.objectContaining({ code: 'backlog_unavailable' })]);
  isDown = false;
  await backlog.list(GROUP);
  isDown = true;
  await backlog.list(GROUP);
  expect(reported).toHaveLength(2);
});

it('makes a call that fails again, but not while the view is away: nothing waits for that', async () => {
  failures = 2;
  await backlog.add(sampleTurn(1));
  failures = 2;
  expect(await backlog.list(GROUP)).toMatchObject([{ turn: { update_id: 1 } }]);
  failures = 2;
  await backlog.remove(GROUP, [1]);
  expect([noted, reported]).toEqual([[], []]);
  isDown = true;
  await backlog.add(sampleTurn(2));
  calls = 0;
  await backlog.add(sampleTurn(3));
  expect(calls).toBe(1);
});

it('notes what came during an outage before what comes next, so that nothing is merged past it', async () => {
  isDown = true;
  await backlog.add(sampleTurn(1));
  await backlog.add(sampleTurn(2));
  await backlog.add(sampleTurn(7, OTHER_CHAT));
  isDown = false;
  await backlog.add(sampleTurn(3));
  expect(noted).toEqual([1, 2, 3]);
  await backlog.add(sampleTurn(8, OTHER_CHAT));
  expect(noted).toEqual([1, 2, 3, 7, 8]);
});

it('does not bring into view what was done during the outage', async () => {
  isDown = true;
  await backlog.add(sampleTurn(1));
  await backlog.add(sampleTurn(2));
  await backlog.remove(GROUP, [1]);
  isDown = false;
  await backlog.list(GROUP);
  expect(noted).toEqual([2]);
});
