import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { DiskWatch } from '../../run/disk/disk-watch.ts';
import { Homes, LONE_HOME_LIMITS } from '../../session/home/idle-homes.ts';
import type { StoredSession } from '../../session/restore.ts';
import { sessionHome } from '../../session/home/session-home.ts';
import { temporaryDirectory } from '../../session/home/temporary-directory.fixture.ts';
import { occupyHome } from './occupy-home.ts';

const MB = 1024 ** 2;
const NEW_SESSION: StoredSession = {
  conversation: undefined,
  version: undefined,
  todos: undefined,
  debug: undefined,
  lastTurn: undefined,
  files: undefined,
};

it('What filled the disk is gone before the log of the run is saved, wherever in the home it lay', async () => {
  const workRoot = await temporaryDirectory();
  const imageFolder = await temporaryDirectory();
  const onError = (error: unknown): never => {
    throw new Error('An error was reported', { cause: error });
  };
  const homes = new Homes(workRoot, onError, { ...LONE_HOME_LIMITS, freeBytes: 0 });
  const disk = new DiskWatch({ workRoot, limits: { minFreeBytes: 0, runBytes: 10 * MB }, onError });
  const home = sessionHome(workRoot, '0190c8a4-0000-4000-8000-000000000001');
  let seen: { files: string[]; log: string } | undefined;
  const stay = await occupyHome(NEW_SESSION, home, {
    key: undefined,
    deps: { workRoot, imageFolder, homes, disk, onError },
    beforeDrop: async () => {
      const entries = await readdir(home.root, { recursive: true, withFileTypes: true });
      const files = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
      seen = { files, log: await readFile(home.debugLog, 'utf8') };
    },
  });
  const large = Buffer.alloc(20 * MB, 'x');
  for (const folder of [home.workspace, home.temporary, dirname(home.transcript)]) {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'large'), large);
  }
  await mkdir(dirname(home.debugLog), { recursive: true });
  await writeFile(home.debugLog, 'what the run did');
  if (!stay.ended.aborted) await once(stay.ended, 'abort');
  await stay[Symbol.asyncDispose]();
  expect(seen?.files.filter((name) => name === 'large')).toEqual([]);
  expect(seen?.log).toContain('what the run did');
  expect(await readdir(workRoot)).toEqual([]);
});
