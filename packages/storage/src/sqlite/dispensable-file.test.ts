import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DispensableFile } from './dispensable-file.ts';

let directory: string;
let path: string;
let troubles: unknown[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dispensable-'));
  path = join(directory, 'notes.db');
  troubles = [];
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(directory, { recursive: true });
});

function open() {
  return new DispensableFile({
    path,
    migrations: ['CREATE TABLE notes (text TEXT) STRICT'],
    prepare: (database) => ({
      add: database.prepare('INSERT INTO notes VALUES (?)'),
      all: database.prepare('SELECT text FROM notes'),
    }),
    onTrouble: (error) => troubles.push(error),
  });
}

function fill(): void {
  const file = open();
  for (let note = 0; note < 500; note += 1) file.use(({ add }) => add.run('x'.repeat(100)));
  file.close();
}

describe('DispensableFile', () => {
  it('keeps what was written', () => {
    const file = open();
    file.use(({ add }) => add.run('one'));
    file.close();
    const again = open();
    expect(again.use(({ all }) => all.all())).toEqual([{ text: 'one' }]);
    again.close();
    expect(troubles).toEqual([]);
  });

  it('replaces a file that is no database at the start, keeps it beside, and says so once', () => {
    writeFileSync(path, 'this is no database, and long enough to be seen as none');
    const file = open();
    file.use(({ add }) => add.run('one'));
    expect(file.use(({ all }) => all.all())).toEqual([{ text: 'one' }]);
    file.close();
    expect(readFileSync(`${path}.damaged`, 'utf8')).toContain('no database');
    expect(troubles).toEqual([expect.objectContaining({ code: 'file_damaged' })]);
  });

  it('replaces a file whose damage shows only when it is used', () => {
    fill();
    const bytes = readFileSync(path);
    bytes.fill(0xff, 4096);
    writeFileSync(path, bytes);
    const file = open();
    expect(file.use(({ all }) => all.all())).toEqual([]);
    file.use(({ add }) => add.run('new'));
    expect(file.use(({ all }) => all.all())).toEqual([{ text: 'new' }]);
    file.close();
    expect(troubles).toEqual([expect.objectContaining({ code: 'file_damaged' })]);
  });

  it('is opened all the same when the file cannot be, fails while it is used, and comes back', async () => {
    mkdirSync(path);
    const file = open();
    expect(troubles).toEqual([expect.objectContaining({ name: 'SqliteOpenError' })]);
    expect(() => file.use(({ all }) => all.all())).toThrow(
      expect.objectContaining({ name: 'SqliteOpenError' }),
    );
    await rmdir(path);
    const later = performance.now() + 5_001;
    vi.spyOn(performance, 'now').mockReturnValue(later);
    expect(file.use(({ all }) => all.all())).toEqual([]);
    file.close();
  });

  it('refuses a file of a newer release and leaves it as it is', () => {
    open().close();
    const newer = new DatabaseSync(path);
    newer.exec('PRAGMA user_version = 9');
    newer.close();
    expect(open).toThrow(/version 9/);
    expect(troubles).toEqual([]);
  });
});
