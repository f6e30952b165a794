import { readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { DirectorySessionStore } from './directory-session-store.ts';
import { describeSessionYear } from './session-year.contract.ts';
import { temporaryDirectory } from '../home/temporary-directory.fixture.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const OBJECT_LIFE_MS = 90 * DAY_MS;

describeSessionYear('The directory store', async () => {
  const root = await temporaryDirectory();
  return {
    store: new DirectorySessionStore(root),
    pass: async (days) => {
      for (const item of await readdir(root, { withFileTypes: true, recursive: true })) {
        if (!item.isFile()) continue;
        const path = join(item.parentPath, item.name);
        const written = new Date((await stat(path)).mtimeMs - days * DAY_MS);
        await utimes(path, written, written);
        if (Date.now() - written.getTime() >= OBJECT_LIFE_MS) await rm(path);
      }
    },
  };
});
