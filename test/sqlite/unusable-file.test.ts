import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SqliteSessionTable } from '@omnicloud/storage';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { CAN_MOUNT, smallDisk } from '@omnicloud/agent-container/internal/run/disk/small-disk.fixture.ts';
import { openEmbeddedStores } from '@omnicloud/local/internal/stores/stores.ts';
import { openDatabase } from '@omnicloud/demo/internal/telegram/store/database.ts';
import { MAIN } from '../flow/system.fixture.ts';
import { COMPILED } from '../compiled.ts';

/** What decides. The backlog and the stops are done without, and replaced when they are damaged; see `DispensableFile`. */
const FILES = ['sessions.db', 'queue.db', 'ledger.db', 'leases.db', 'telegram.sqlite'];
const isRoot = process.getuid?.() === 0;

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'unusable-file-'));
});
afterEach(() => rm(directory, { recursive: true }));

/** Opens all that `npm start` opens, and closes it. */
function openAll(folder: string): void {
  const log = { info: () => undefined, error: () => undefined };
  openEmbeddedStores(folder, log).close();
  openDatabase(folder).close();
}

/** @returns what opening the files throws. */
function failure(folder: string): Error {
  try {
    openAll(folder);
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('Nothing was thrown');
}

type Harm = (path: string) => Promise<void>;

const HARMS: Record<string, { harm: Harm; code: string; says: RegExp }> = {
  'a header of garbage': {
    harm: async (path) => overwrite(path, 0, Buffer.alloc(100, 0xa5)),
    code: 'file_damaged',
    says: /is damaged or is not a database.*Put back a copy.*move these files away/,
  },
  'a damaged body': {
    harm: async (path) => overwrite(path, 100, Buffer.alloc((await stat(path)).size - 100, 0x5a)),
    code: 'file_damaged',
    says: /is damaged.*Put back a copy.*move these files away/,
  },
  'a damaged last page': {
    harm: async (path) => overwrite(path, (await stat(path)).size - 4_096, Buffer.alloc(4_096, 0x5a)),
    code: 'file_damaged',
    says: /is damaged.*Put back a copy.*move these files away/,
  },
  'half of it cut off': {
    harm: async (path) => truncate(path, (await stat(path)).size / 2),
    code: 'file_damaged',
    says: /is damaged.*Put back a copy.*move these files away/,
  },
  'all of it cut off': {
    harm: async (path) => truncate(path, 0),
    code: 'file_damaged',
    says: /is empty, and was not when it was made.*Put back a copy.*move these files away/,
  },
  'a newer version': {
    harm: (path) => {
      const database = new DatabaseSync(path);
      database.exec('PRAGMA user_version = 99');
      database.close();
      return Promise.resolve();
    },
    code: 'newer_schema',
    says: /has schema version 99.*use a newer release/,
  },
  'a log of garbage': {
    harm: async (path) => writeFile(`${path}-wal`, Buffer.alloc(8_192, 0xa5)),
    code: 'log_damaged',
    says: /-wal is damaged.*move .*-wal and .*-shm away/,
  },
  'its log alone left': {
    harm: async (path) => {
      await writeFile(`${path}-wal`, 'anything');
      await rm(path);
    },
    code: 'file_damaged',
    says: /is missing, but its log/,
  },
};

async function overwrite(path: string, at: number, content: Buffer): Promise<void> {
  const whole = await readFile(path);
  content.copy(whole, at);
  await writeFile(path, whole);
}

describe.each(Object.entries(HARMS))('A database with %s', (_, { harm, code, says }) => {
  it.each(FILES)('is refused by its name, with the cure, and left as it is: %s', async (file) => {
    openAll(directory);
    const path = join(directory, file);
    await harm(path);
    const before = await readFile(path).catch(() => undefined);
    const error = failure(directory);
    expect(error).toMatchObject({ code, path, retryable: false });
    expect(error.message).toContain(path);
    expect(error.message).toMatch(says);
    expect(error.message).not.toContain('\n');
    expect(await readFile(path).catch(() => undefined)).toEqual(before);
    expect((await readdir(directory)).filter((name) => name.endsWith('.draft'))).toEqual([]);
  });
});

describe('A database that cannot be written', () => {
  it.skipIf(isRoot || process.platform === 'win32').each(FILES)(
    'is refused by its name, with the cure: %s',
    async (file) => {
      openAll(directory);
      const path = join(directory, file);
      await chmod(path, 0o400);
      expect(failure(directory)).toMatchObject({ code: 'file_not_writable', path });
    },
  );

  it.skipIf(!CAN_MOUNT).each(FILES)('is refused by its name, by root too: %s', async (file) => {
    await using disk = await smallDisk(8);
    openAll(disk.root);
    const path = join(disk.root, file);
    disk.makeReadOnly(path);
    const error = failure(disk.root);
    expect(error).toMatchObject({ code: 'file_not_writable', path });
    expect(error.message).toMatch(/cannot be written\. Give this user the right to write/);
  });
});

describe.skipIf(!CAN_MOUNT)('On a full disk (as root, Linux)', () => {
  it('a database is refused by its name with the cure, and opens with all it had when there is room', async () => {
    await using disk = await smallDisk(8);
    const table = new SqliteSessionTable({ directory: disk.root });
    await table.save('1:0', 'a', { fencingToken: 1, replaces: undefined });
    table.close();
    await disk.fill();
    expect(failure(disk.root)).toMatchObject({
      code: 'disk_full',
      retryable: true,
      message: expect.stringMatching(
        /^The disk is full, so .*sessions\.db cannot be opened\. Free some/,
      ) as string,
    });
    await rm(join(disk.root, 'fills-the-disk'));
    openAll(disk.root);
    const again = new SqliteSessionTable({ directory: disk.root });
    expect(await again.find('1:0')).toMatchObject({ sessionId: 'a' });
    again.close();
  });

  it('npm start says so in one line and ends with 1', async () => {
    await using disk = await smallDisk(8);
    await disk.fill();
    const { code, stderr } = await start(disk.root);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^The disk is full[^\n]*\n$/);
  });
});

it.each(['sessions.db', 'telegram.sqlite'])(
  'npm start with a damaged %s says so in one line and ends with 1',
  async (file) => {
    openAll(directory);
    await writeFile(join(directory, file), 'not a database');
    const { code, stderr } = await start(directory);
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`^[^\\n]*${file} is damaged[^\\n]*move these files away[^\\n]*\\n$`));
  },
);

/** As npm start runs it, until it ends by itself. */
async function start(folder: string): Promise<{ code: number | null; stderr: string }> {
  const child = spawn(process.execPath, [MAIN], {
    env: { ...COMPILED, PATH: process.env.PATH ?? '', DATA_DIR: folder, PORT: '0' },
    cwd: tmpdir(),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stderr };
}

describe('What a server that was killed had written', () => {
  /** The files as they lie on the disk while the table is still open. */
  async function killed(): Promise<string> {
    const table = new SqliteSessionTable({ directory });
    onTestFinished(() => table.close());
    for (const [index, id] of ['a', 'b', 'c'].entries())
      await table.save(`${index}:0`, id, { fencingToken: 1, replaces: undefined });
    const left = await mkdtemp(join(tmpdir(), 'killed-'));
    onTestFinished(() => rm(left, { recursive: true }));
    for (const name of await readdir(directory)) await copyFile(join(directory, name), join(left, name));
    return left;
  }

  async function sessionsIn(folder: string): Promise<(string | undefined)[]> {
    const table = new SqliteSessionTable({ directory: folder });
    try {
      const found = await Promise.all(['0:0', '1:0', '2:0'].map((key) => table.find(key)));
      return found.map((mapping) => mapping?.sessionId);
    } finally {
      table.close();
    }
  }

  it.each<[string, Harm]>([
    ['is gone', (log) => rm(log)],
    ['is cut off', (log) => truncate(log, 0)],
    ['is cut off in the middle', async (log) => truncate(log, (await stat(log)).size / 2)],
    ['holds garbage behind its header', (log) => overwrite(log, 32, Buffer.alloc(4_000, 0xa5))],
  ])('is there although its log %s: no chat loses its conversation', async (_, harm) => {
    const left = await killed();
    await rm(join(left, 'sessions.db-shm'), { force: true });
    await harm(join(left, 'sessions.db-wal'));
    expect(await sessionsIn(left)).toEqual(['a', 'b', 'c']);
  });

  it('is not passed over when the header of its log is damaged; without the log, it is all there', async () => {
    const left = await killed();
    const log = join(left, 'sessions.db-wal');
    await overwrite(log, 8, Buffer.alloc(4, 0xa5));
    expect(() => new SqliteSessionTable({ directory: left })).toThrow(
      expect.objectContaining({ code: 'log_damaged' }),
    );
    for (const file of [log, join(left, 'sessions.db-shm')]) await rm(file, { force: true });
    expect(await sessionsIn(left)).toEqual(['a', 'b', 'c']);
  });
});

describe('The stand-in’s database', () => {
  it('of a release that had no versions is taken over with its messages, and copied before', () => {
    const path = join(directory, 'telegram.sqlite');
    const old = new DatabaseSync(path);
    old.exec(`CREATE TABLE messages (chat_id INTEGER NOT NULL, message_id INTEGER NOT NULL, thread_id INTEGER,
        message TEXT NOT NULL, is_hidden INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (chat_id, message_id)) STRICT;
      INSERT INTO messages VALUES (1, 1, NULL, '{}', 0)`);
    old.close();
    for (const take of [openDatabase(directory), openDatabase(directory)]) {
      expect(take.prepare('SELECT count(*) AS count FROM messages').get()).toEqual({ count: 1 });
      expect(take.prepare('PRAGMA user_version').get()).toEqual({ user_version: 1 });
      take.close();
    }
    const copy = new DatabaseSync(`${path}.v0.bak`, { readOnly: true });
    expect(copy.prepare('SELECT name FROM sqlite_schema WHERE type = ?').all('table')).toEqual([
      { name: 'messages' },
    ]);
    copy.close();
  });
});
