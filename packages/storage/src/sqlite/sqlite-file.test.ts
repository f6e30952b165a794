import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openSqliteFile } from './sqlite-file.ts';

const ONE = 'CREATE TABLE one (a INTEGER) STRICT';
const TWO = 'ALTER TABLE one ADD COLUMN b INTEGER; INSERT INTO one VALUES (1, 2)';

let root: string;
let path: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'sqlite-file-'));
  path = join(root, 'new', 'directory', 'file.db');
});
afterEach(() => rm(root, { recursive: true }));

it('has a write on disk before it goes on: a write-ahead log that is synced with every commit', () => {
  const file = openSqliteFile(path, [ONE]);
  expect(file.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
  expect(file.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 });
  expect(file.prepare('PRAGMA busy_timeout').get()).toEqual({ timeout: 5_000 });
  file.close();
});

it('brings a file of any older version up to date, and each step is taken once', () => {
  openSqliteFile(path, []).close();
  openSqliteFile(path, [ONE]).close();
  openSqliteFile(path, [ONE, TWO]).close();
  const file = openSqliteFile(path, [ONE, TWO]);
  expect(file.prepare('SELECT * FROM one').all()).toEqual([{ a: 1, b: 2 }]);
  file.close();
});

it('copies what was there before a migration, what is only in the log included, and nothing when there is none', async () => {
  const old = openSqliteFile(path, [ONE]);
  old.exec('INSERT INTO one VALUES (7)');
  openSqliteFile(path, [ONE]).close();
  expect(await readdir(dirname(path))).not.toContain('file.db.v1.bak');
  openSqliteFile(path, [ONE, TWO]).close();
  old.close();
  const copy = openSqliteFile(`${path}.v1.bak`, [ONE]);
  expect(copy.prepare('SELECT * FROM one').all()).toEqual([{ a: 7 }]);
  copy.close();
  expect((await readdir(dirname(path))).sort()).toEqual(['file.db', 'file.db.v1.bak']);
});

it('keeps the copy when the migration fails, and the file as it was', async () => {
  openSqliteFile(path, [ONE]).close();
  expect(() => openSqliteFile(path, [ONE, 'CREATE nonsense'])).toThrow();
  expect(await readdir(dirname(path))).toContain('file.db.v1.bak');
  openSqliteFile(path, [ONE]).close();
});

it('changes nothing when a migration fails', () => {
  expect(() => openSqliteFile(path, [ONE, 'CREATE TABLE two (a INTEGER); CREATE nonsense'])).toThrow();
  const file = openSqliteFile(path, [ONE]);
  expect(file.prepare('SELECT name FROM sqlite_schema').all()).toEqual([{ name: 'one' }]);
  file.close();
});

it.skipIf(process.platform === 'win32')('creates a directory that only its owner can read', async () => {
  openSqliteFile(path, [ONE]).close();
  expect((await stat(join(root, 'new'))).mode & 0o777).toBe(0o700);
});
