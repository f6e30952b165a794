import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SESSION_MAPPING_DAYS } from '../object-names.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeSessionTable } from './session-table.contract.ts';
import { NewerSchemaError } from '../sqlite/sqlite-open-error.ts';
import { SqliteSessionTable } from './sqlite-session-table.ts';

const NEW = { fencingToken: 1, replaces: undefined };

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
    await one.save('1:0', 'a', NEW);
    expect(await other.find('1:0')).toMatchObject({ sessionId: 'a' });
    one.close();
    other.close();
  });

  it('lets one of two processes replace what both found', async () => {
    const one = new SqliteSessionTable({ directory });
    const other = new SqliteSessionTable({ directory });
    const saved = await Promise.all([one.save('1:0', 'a', NEW), other.save('1:0', 'b', NEW)]);
    expect(saved.filter(Boolean)).toHaveLength(1);
    expect(await one.find('1:0')).toEqual(await other.find('1:0'));
    one.close();
    other.close();
  });

  it('takes over a file from before there were tokens, whose mappings any run of their session may refresh', async () => {
    new SqliteSessionTable({ directory }).close();
    const file = new DatabaseSync(join(directory, 'sessions.db'));
    file.exec(`ALTER TABLE sessions DROP COLUMN fencing_token; PRAGMA user_version = 1;
      INSERT INTO sessions VALUES ('1:0', 'a', 1)`);
    file.close();

    const table = new SqliteSessionTable({ directory, now: () => 2 });
    expect(await table.find('1:0')).toEqual({ sessionId: 'a', savedAt: new Date(1) });
    expect(await table.refresh('1:0', 'a', 1)).toBe(true);
    expect(await table.find('1:0')).toEqual({ sessionId: 'a', savedAt: new Date(2) });
    table.close();
  });

  it('deletes expired mappings from the file when another one is saved', async () => {
    let nowMs = 0;
    const table = new SqliteSessionTable({ directory, now: () => nowMs });
    await table.save('1:0', 'a', NEW);
    nowMs = SESSION_MAPPING_DAYS * 24 * 60 * 60 * 1000;
    await table.save('2:0', 'b', NEW);
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
      /sessions\.db has schema version 7.* up to 2/,
    );
    expect(file.prepare('PRAGMA user_version').get()).toEqual({ user_version: 7 });
    file.close();
  });
});
