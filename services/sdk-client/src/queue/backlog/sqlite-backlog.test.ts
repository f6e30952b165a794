import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { groupOf } from '@omnicloud/protocol';
import { expect, it, onTestFinished } from 'vitest';
import { BacklogUnavailableError } from '../../errors.ts';
import { describeBacklog } from './backlog.contract.ts';
import { sampleTurn } from '../sample-turn.fixture.ts';
import { SqliteBacklog } from './sqlite-backlog.ts';

const GROUP = groupOf(sampleTurn(1));

describeBacklog('The SQLite backlog', async (now) => {
  const directory = await mkdtemp(join(tmpdir(), 'omnicloud-backlog-'));
  const opened: SqliteBacklog[] = [];
  const open = (): SqliteBacklog => {
    const backlog = new SqliteBacklog({ directory, now });
    opened.push(backlog);
    return backlog;
  };
  return {
    backlog: open(),
    reopen: open,
    close: async () => {
      for (const backlog of opened) backlog.close();
      await rm(directory, { recursive: true });
    },
  };
});

async function directoryForTest(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'omnicloud-backlog-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  return directory;
}

it('outlives its process', async () => {
  const directory = await directoryForTest();
  const first = new SqliteBacklog({ directory });
  await first.add(sampleTurn(1));
  first.close();
  const second = new SqliteBacklog({ directory });
  expect(await second.list(GROUP)).toEqual([{ turn: sampleTurn(1), behind: 0 }]);
  second.close();
});

it('shows none behind what is no turn, until that is removed', async () => {
  const directory = await directoryForTest();
  const backlog = new SqliteBacklog({ directory });
  for (const updateId of [1, 2, 3]) await backlog.add(sampleTurn(updateId));
  const file = new DatabaseSync(join(directory, 'backlog.db'));
  file.prepare('UPDATE entries SET turn_json = ? WHERE update_id = 2').run('{"update_id":2}');
  file.close();
  expect(await backlog.list(GROUP)).toMatchObject([{ turn: { update_id: 1 } }]);
  await backlog.remove(GROUP, [2]);
  expect(await backlog.list(GROUP)).toMatchObject([{ turn: { update_id: 1 } }, { turn: { update_id: 3 } }]);
  backlog.close();
});

it('says so when it cannot be used, and names the cause', async () => {
  const directory = await directoryForTest();
  const backlog = new SqliteBacklog({ directory });
  const file = new DatabaseSync(join(directory, 'backlog.db'));
  file.exec('DROP TABLE entries');
  file.close();
  const uses = [backlog.add(sampleTurn(1)), backlog.list(GROUP), backlog.remove(GROUP, [1])];
  for (const outcome of await Promise.allSettled(uses)) {
    const reason: unknown = (outcome as PromiseRejectedResult).reason;
    expect(reason).toBeInstanceOf(BacklogUnavailableError);
    expect(reason).toMatchObject({ code: 'backlog_unavailable', cause: expect.any(Error) as Error });
  }
  backlog.close();
});
