import { lstat, mkdir, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sessionObjectKey } from '@omnicloud/storage';
import { describe, expect, it } from 'vitest';
import { AgentError } from '../errors.ts';
import { DirectorySessionStore } from './store/directory-session-store.ts';
import { persist, persistDebugLog } from './persist.ts';
import { RecordingSessionStore } from './store/recording-session-store.fixture.ts';
import { NOTHING_STORED, readStoredSession, restore } from './restore.ts';
import { type SessionHome, sessionHome } from './home/session-home.ts';
import { readTasks, writeTasks } from './transcript/task-list.ts';
import { temporaryDirectory } from './home/temporary-directory.fixture.ts';

const FIRST_TURN = { before: undefined, retryDelaysMs: [0, 0, 0] };

const ID = '0190c8a4-0000-4000-8000-000000000001';
const TASK = { id: '1', subject: 'Buy milk', status: 'in_progress', blockedBy: [] };
const DEBUG_LIMIT_BYTES = 256 * 1024;

const entry = (home: SessionHome, content: string): string =>
  `${JSON.stringify({ message: { content }, cwd: home.workspace })}\n`;

/** A machine with a session laid out on it, and an empty store. */
async function machine(): Promise<{
  root: string;
  home: SessionHome;
  image: string;
  store: RecordingSessionStore;
}> {
  const root = await temporaryDirectory();
  const image = join(root, 'image');
  for (const folder of ['agents', 'skills']) await mkdir(join(image, folder), { recursive: true });
  for (const file of ['settings.json', 'CLAUDE.md'])
    await writeFile(join(image, file), `the image's ${file}`);
  const home = sessionHome(join(root, 'work'), ID);
  await restore(NOTHING_STORED, home, { imageFolder: image });
  return {
    root,
    home,
    image,
    store: new RecordingSessionStore(new DirectorySessionStore(join(root, 'objects'))),
  };
}

describe('a session that was saved', () => {
  it('is laid out again elsewhere with its conversation, tasks and debug log', async () => {
    const { root, home, image, store } = await machine();
    await writeFile(home.transcript, entry(home, 'Grüße 👋') + entry(home, 'again'));
    await writeTasks(home.tasks, [TASK]);
    await writeFile(home.debugLog, 'first line\n');
    await persist(home, store, FIRST_TURN);

    const elsewhere = sessionHome(join(root, 'another', 'work'), ID);
    await restore(await readStoredSession(store, ID), elsewhere, { imageFolder: image });
    expect(await readFile(elsewhere.transcript, 'utf8')).toBe(
      entry(elsewhere, 'Grüße 👋') + entry(elsewhere, 'again'),
    );
    expect(await readTasks(elsewhere.tasks)).toEqual([TASK]);
    expect(await readFile(elsewhere.debugLog, 'utf8')).toBe('first line\n');
  });

  it('has its conversation stored last, when everything else is there', async () => {
    const { home, store } = await machine();
    await writeFile(home.transcript, entry(home, 'Hi'));
    await persist(home, store, FIRST_TURN);
    expect(store.puts.slice(0, 3).sort()).toEqual([
      `sessions/${ID}/debug.txt`,
      expect.stringMatching(`^sessions/${ID}/snapshots/[0-9a-f]{64}.json$`),
      `sessions/${ID}/todos.json`,
    ]);
    expect(store.puts.slice(3)).toEqual([`sessions/${ID}/conversation.jsonl`]);
  });

  it.each(['todos.json', 'snapshots/'] as const)('has no conversation when %s was refused', async (name) => {
    const { home, store } = await machine();
    await writeFile(home.transcript, entry(home, 'Hi'));
    const refusal = new AgentError('store_unavailable', 'No');
    store.failOn(new RegExp(name), refusal);
    await expect(persist(home, store, FIRST_TURN)).rejects.toBe(refusal);
    expect(await store.get(sessionObjectKey(ID, 'conversation.jsonl'))).toBeUndefined();
  });
});

it('A turn is saved though its debug log was refused, and that is reported', async () => {
  const { home, store } = await machine();
  await writeFile(home.transcript, entry(home, 'Hi'));
  await writeFile(home.debugLog, 'first line\n');
  const refusal = new AgentError('store_unavailable', 'No');
  store.failOn(/debug\.txt/, refusal);
  const reported: unknown[] = [];
  await persist(home, store, { ...FIRST_TURN, onLeftover: (error) => reported.push(error) });
  expect(store.puts.at(-1)).toBe(sessionObjectKey(ID, 'conversation.jsonl'));
  expect(reported).toEqual([refusal]);
});

describe('a transcript', () => {
  it.each([
    ['broken in the middle', '{"a":1}\n{"b":\n{"c":3}\n'],
    ['cut in its last line', '{"a":1}\n{"b":'],
    ['empty', ''],
    ['only blank lines', '\n\n'],
  ])('that is %s is not saved, and nothing else is either', async (_, transcript) => {
    const { home, store } = await machine();
    await writeFile(home.transcript, transcript);
    await expect(persist(home, store, FIRST_TURN)).rejects.toMatchObject({
      code: 'internal',
      name: 'AgentError',
    });
    expect(store.puts).toEqual([]);
  });

  it('that is missing is an error with its cause', async () => {
    const { home, store } = await machine();
    await expect(persist(home, store, FIRST_TURN)).rejects.toMatchObject({
      code: 'internal',
      cause: { code: 'ENOENT' },
    });
    expect(store.puts).toEqual([]);
  });
});

describe('the debug log', () => {
  const saved = async (log: string): Promise<string> => {
    const { home, store } = await machine();
    await writeFile(home.debugLog, log);
    await persistDebugLog(home, store);
    return Buffer.from((await store.get(sessionObjectKey(ID, 'debug.txt')))?.body ?? []).toString();
  };

  it('is saved whole up to its limit', async () => {
    const log = `${'é'.repeat(DEBUG_LIMIT_BYTES / 2 - 1)}x\n`;
    expect(await saved(log)).toBe(log);
  });

  it('loses its oldest lines beyond that, and no part of a line', async () => {
    const lines = Array.from({ length: 9_000 }, (_, index) => `${index} wrote: é and some more of it\n`);
    const log = await saved(lines.join(''));
    expect(Buffer.byteLength(log)).toBeLessThanOrEqual(DEBUG_LIMIT_BYTES);
    expect(Buffer.byteLength(log)).toBeGreaterThan(DEBUG_LIMIT_BYTES - 100);
    const kept = log.split('\n').length - 1;
    expect(log).toBe(lines.slice(-kept).join(''));
  });

  it('is bounded even when it has no lines', async () => {
    expect((await saved('a'.repeat(DEBUG_LIMIT_BYTES * 2))).length).toBe(DEBUG_LIMIT_BYTES);
  });
});

describe('a home that is laid out', () => {
  it('holds nothing that an unfinished run left there', async () => {
    const { home, image } = await machine();
    await writeFile(home.transcript, entry(home, 'never saved'));
    await writeTasks(home.tasks, [TASK]);
    await writeFile(home.debugLog, 'old');
    await writeFile(join(home.temporary, 'socket'), '');
    await restore(NOTHING_STORED, home, { imageFolder: image });
    await expect(stat(home.transcript)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await readTasks(home.tasks)).toEqual([]);
    expect(await readFile(home.debugLog, 'utf8')).toBe('');
    await expect(stat(join(home.temporary, 'socket'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('keeps the files in the workspace', async () => {
    const { home, image } = await machine();
    await writeFile(join(home.workspace, 'notes.md'), 'mine');
    await restore(NOTHING_STORED, home, { imageFolder: image });
    expect(await readFile(join(home.workspace, 'notes.md'), 'utf8')).toBe('mine');
  });

  it('has a fresh transcript and tasks, so that the CLI does not sweep them away as old', async () => {
    const { home, image } = await machine();
    const old = new Date('2020-01-01');
    await writeFile(home.transcript, '{}\n');
    await utimes(home.transcript, old, old);
    const before = Date.now() - 1_000;
    const stored = {
      ...NOTHING_STORED,
      conversation: Buffer.from('{}\n'),
      todos: Buffer.from(JSON.stringify([TASK])),
    };
    await restore(stored, home, { imageFolder: image });
    for (const path of [home.transcript, join(home.tasks, '1.json')]) {
      expect((await stat(path)).mtimeMs).toBeGreaterThan(before);
    }
  });

  it.skipIf(process.platform === 'win32')('can be read by its owner alone', async () => {
    const { home } = await machine();
    for (const directory of [home.root, home.workspace, home.temporary, dirname(home.transcript)]) {
      expect((await stat(directory)).mode & 0o777, directory).toBe(0o700);
    }
    expect((await stat(home.debugLog)).mode & 0o777).toBe(0o600);
  });

  it.each(['settings.json', 'agents', 'skills', 'CLAUDE.md'])(
    'has a copy of the image’s own %s, also when something else was put there',
    async (name) => {
      const { home, image } = await machine();
      const copy = join(home.config, name);
      const own = async (): Promise<string[]> =>
        (await stat(join(image, name))).isDirectory() ? readdir(copy) : [await readFile(copy, 'utf8')];
      const before = await own();
      await rm(copy, { recursive: true });
      await symlink(join(image, name), copy);
      await restore(NOTHING_STORED, home, { imageFolder: image });
      expect((await lstat(copy)).isSymbolicLink()).toBe(false);
      // What is written there stays there: everybody's settings are the image's.
      await rm(copy, { recursive: true });
      await writeFile(copy, 'another');
      await restore(NOTHING_STORED, home, { imageFolder: image });
      expect(await own()).toEqual(before);
    },
  );

  it('has no tasks when the stored list of them is damaged, and that is said', async () => {
    const { home, image } = await machine();
    const damaged = { ...NOTHING_STORED, todos: Buffer.from('[{"id":"../1"}]'), debug: Buffer.from('other') };
    expect(await restore(damaged, home, { imageFolder: image })).toMatchObject([{ path: 'todos.json' }]);
    expect(await readTasks(home.tasks)).toEqual([]);
    expect(await readFile(home.debugLog, 'utf8')).toBe('other');
  });
});
