import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SESSION_MAPPING_DAYS } from '@omnicloud/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeSessionTable } from './session-table.contract.ts';
import { NewerSchemaError } from './sqlite-file.ts';
import { SqliteSessionTable } from './sqlite-session-table.ts';

let root: string;
let directory: string;
let opened = 0;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'session-table-'));
  directory = join(root, 'not', 'there', 'yet');
});
afterEach(() => rm(root, { recursive: true }));

describeSessionTable('SqliteSessionTable', (now) => {
  opened += 1;
  const own = join(directory, String(opened));
  let table = new SqliteSessionTable({ directory: own, now });
  return Promise.resolve({
    table,
    close: () => {
      table.close();
      return Promise.resolve();
    },
    reopen: () => {
      table.close();
      table = new SqliteSessionTable({ directory: own, now });
      return Promise.resolve(table);
    },
  });
});

describe('SqliteSessionTable', () => {
  it('shows one process what another one saved', async () => {
    const one = new SqliteSessionTable({ directory });
    const other = new SqliteSessionTable({ directory });
    await one.save('1:0', 'a');
    expect(await other.find('1:0')).toMatchObject({ sessionId: 'a' });
    one.close();
    other.close();
  });

  it('deletes expired mappings from the file when another one is saved', async () => {
    let nowMs = 0;
    const table = new SqliteSessionTable({ directory, now: () => nowMs });
    await table.save('1:0', 'a');
    nowMs = SESSION_MAPPING_DAYS * 24 * 60 * 60 * 1000;
    await table.save('2:0', 'b');
    table.close();

    const file = new DatabaseSync(join(directory, 'sessions.db'));
    expect(file.prepare('SELECT session_key FROM sessions').all()).toEqual([{ session_key: '2:0' }]);
    file.close();
  });

  it('refuses a file of a newer release and leaves it as it is', () => {
    new SqliteSessionTable({ directory }).close();
    const file = new DatabaseSync(join(directory, 'sessions.db'));
    file.exec('PRAGMA user_version = 7');

    expect(() => new SqliteSessionTable({ directory })).toThrow(NewerSchemaError);
    expect(() => new SqliteSessionTable({ directory })).toThrow(
      /sessions\.db has schema version 7.* up to 1/,
    );
    expect(file.prepare('PRAGMA user_version').get()).toEqual({ user_version: 7 });
    file.close();
  });
});
