import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DirectorySessionStore } from './store/directory-session-store.ts';
import { persist, type Saving } from './persist.ts';
import { RecordingSessionStore } from './store/recording-session-store.fixture.ts';
import { NOTHING_STORED, readStoredSession, restore, type StoredSession } from './restore.ts';
import { type SessionHome, sessionHome } from './home/session-home.ts';
import type { SessionStore } from './store/session-store.ts';
import { temporaryDirectory } from './home/temporary-directory.fixture.ts';
import { jsonl, wholeTurn } from './transcript/transcript.fixture.ts';

export const ID = '0190c8a4-0000-4000-8000-000000000001';

/** A machine that shares a store with others, and one session's home on it. */
export interface Machine {
  readonly home: SessionHome;
  readonly store: RecordingSessionStore;
  /** Where the store keeps its objects. */
  readonly objects: string;
  /** What the store has of the session now. */
  stored(): Promise<StoredSession>;
  /** Lays out what is stored, if anything is. @returns the paths of the lost files. */
  restore(excludes?: readonly string[]): Promise<string[]>;
  /** Saves a turn with a conversation of its own. */
  save(saving?: Partial<Saving>): ReturnType<typeof persist>;
  /** Writes files, by their paths in the home. */
  write(files: Record<string, string | Uint8Array>): Promise<void>;
  /** @returns another machine, with an empty disk, that uses the same store. */
  another(): Promise<Machine>;
}

/** @returns a machine with an empty session laid out on it, and an empty store. */
export async function newMachine(shared?: { store: SessionStore; objects?: string }): Promise<Machine> {
  const root = await temporaryDirectory();
  const image = join(root, 'image');
  for (const folder of ['agents', 'skills']) await mkdir(join(image, folder), { recursive: true });
  for (const file of ['settings.json', 'CLAUDE.md'])
    await writeFile(join(image, file), `the image's ${file}`);
  const home = sessionHome(join(root, 'work'), ID);
  const objects = shared?.objects ?? join(root, 'objects');
  const shares = shared?.store ?? new DirectorySessionStore(objects);
  const store = shares instanceof RecordingSessionStore ? shares : new RecordingSessionStore(shares);
  const stored = (): Promise<StoredSession> => readStoredSession(store, ID);
  const machine: Machine = {
    home,
    store,
    objects,
    stored,
    restore: async (excludes) => {
      const lost = await restore(await readStoredSession(store, ID), home, { imageFolder: image, excludes });
      return lost.map(({ path }) => path);
    },
    save: async (saving = {}) => {
      const { version: before, files } = saving.before === undefined ? await stored() : {};
      await writeFile(home.transcript, jsonl(...wholeTurn({ cwd: home.workspace })));
      return persist(home, store, { before, files, retryDelaysMs: [0, 0, 0], ...saving });
    },
    write: async (files) => {
      for (const [path, content] of Object.entries(files)) {
        await mkdir(dirname(join(home.root, path)), { recursive: true });
        await writeFile(join(home.root, path), content);
      }
    },
    another: () => newMachine({ store, objects }),
  };
  await restore(NOTHING_STORED, home, { imageFolder: image });
  return machine;
}
