import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { groupOf } from '@omnicloud/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BacklogUnavailableError } from '../errors.ts';
import { describeBacklog } from './backlog.contract.ts';
import { sampleTurn } from './sample-turn.fixture.ts';
import { SqliteBacklog } from './sqlite-backlog.ts';

const GROUP = groupOf(sampleTurn(1));

let root: string;
let directory: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'backlog-'));
  directory = join(root, 'not', 'there', 'yet');
});
afterEach(() => rm(root, { recursive: true }));

describeBacklog('SqliteBacklog', (now) => {
  const opened: SqliteBacklog[] = [];
  const openOne = (): SqliteBacklog => {
    const backlog = new SqliteBacklog({ directory, now });
    opened.push(backlog);
    return backlog;
  };
  return Promise.resolve({
    backlog: openOne(),
    reopen: openOne,
    close: () => {
      for (const backlog of opened) backlog.close();
      return Promise.resolve();
    },
  });
});

describe('SqliteBacklog', () => {
  it('still has what was added when it is opened again', async () => {
    const first = new SqliteBacklog({ directory });
    await first.add(sampleTurn(1));
    first.close();
    const second = new SqliteBacklog({ directory });
    expect(await second.list(GROUP)).toEqual([{ turn: sampleTurn(1), behind: 0 }]);
    second.close();
  });

  it('counts each of those that are added at once by two processes', async () => {
    const one = new SqliteBacklog({ directory });
    const other = new SqliteBacklog({ directory });
    const turns = Array.from({ length: 20 }, (_, index) => sampleTurn(index));
    await Promise.all(turns.map((turn, index) => (index % 2 === 0 ? one : other).add(turn)));
    expect((await one.list(GROUP)).map(({ behind }) => behind)).toEqual(turns.map((_, index) => index));
    one.close();
    other.close();
  });

  it('leaves out what is no turn, and lists the others', async () => {
    const backlog = new SqliteBacklog({ directory });
    for (const id of [1, 2, 3]) await backlog.add(sampleTurn(id));
    const file = new DatabaseSync(join(directory, 'backlog.db'));
    file.exec(`UPDATE entries SET turn_json = '{"update_id":1}' WHERE update_id = 1`);
    file.exec(`UPDATE entries SET turn_json = '{' WHERE update_id = 2`);
    file.close();
    expect(await backlog.list(GROUP)).toEqual([{ turn: sampleTurn(3), behind: 2 }]);
    backlog.close();
  });

  it('says that it cannot be used, with the cause', async () => {
    const backlog = new SqliteBacklog({ directory });
    const file = new DatabaseSync(join(directory, 'backlog.db'));
    file.exec('DROP TABLE entries');
    file.close();
    for (const use of [
      () => backlog.add(sampleTurn(1)),
      () => backlog.list(GROUP),
      () => backlog.remove(GROUP, [1]),
    ]) {
      const failure = await use().catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(BacklogUnavailableError);
      expect(failure).toMatchObject({ code: 'backlog_unavailable', cause: expect.any(Error) as Error });
    }
    backlog.close();
  });
});
