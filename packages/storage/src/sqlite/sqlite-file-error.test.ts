import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SqliteFileError } from './sqlite-file-error.ts';
import { openSqliteFile } from './sqlite-file.ts';

const ONE = 'CREATE TABLE one (a INTEGER PRIMARY KEY) STRICT';

let root: string;
let path: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sqlite-file-error-'));
  path = join(root, 'file.db');
});
afterEach(() => rm(root, { recursive: true }));

/** @returns what the call throws. */
function errorOf(use: () => unknown): unknown {
  try {
    use();
  } catch (error) {
    return error;
  }
  throw new Error('Nothing was thrown');
}

it('says that a file whose lock somebody else holds is busy, and nothing has changed', () => {
  const file = openSqliteFile(path, [ONE]);
  file.exec('PRAGMA busy_timeout = 0');
  const insert = file.prepare('INSERT INTO one VALUES (?)');
  const other = new DatabaseSync(path);
  other.exec('BEGIN IMMEDIATE');
  const busy = { name: 'SqliteFileError', code: 'file_busy', retryable: true, cause: { errcode: 5 } };
  expect(errorOf(() => insert.run(1))).toMatchObject(busy);
  expect(errorOf(() => file.exec('BEGIN IMMEDIATE'))).toMatchObject(busy);
  other.exec('ROLLBACK');
  other.close();
  expect(file.prepare('SELECT * FROM one').all()).toEqual([]);
  expect(insert.run(1)).toMatchObject({ changes: 1 });
  file.close();
});

it('says that a full disk may have room later', () => {
  const file = openSqliteFile(path, [ONE, 'CREATE TABLE two (a TEXT) STRICT']);
  const { page_count: pages } = file.prepare('PRAGMA page_count').get() ?? {};
  file.exec(`PRAGMA max_page_count = ${Number(pages)}`);
  const tooLarge = 'x'.repeat(1_000_000);
  expect(errorOf(() => file.prepare('INSERT INTO two VALUES (?)').run(tooLarge))).toMatchObject({
    code: 'file_unavailable',
    retryable: true,
  });
  file.close();
});

it('says that what the schema does not allow will not be allowed later', () => {
  const file = openSqliteFile(path, [ONE]);
  const insert = file.prepare('INSERT INTO one VALUES (?)');
  insert.run(1);
  const refused = { code: 'file_refused', retryable: false };
  expect(errorOf(() => insert.run(1))).toMatchObject(refused);
  expect(errorOf(() => file.prepare('SELECT nothing FROM nowhere'))).toMatchObject(refused);
  file.close();
});

it('says that a file which cannot be opened may be there later', () => {
  expect(errorOf(() => openSqliteFile(root, [ONE]))).toMatchObject({
    code: 'file_unavailable',
    retryable: true,
  });
});

it('leaves mistakes of ours as they are: a closed file is none of SQLite’s errors', () => {
  const file = openSqliteFile(path, [ONE]);
  file.close();
  expect(errorOf(() => file.exec('SELECT 1'))).not.toBeInstanceOf(SqliteFileError);
});
