import { cp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { dataFolder, serverIn, startServer } from './started-server.fixture.ts';
import { MAIN } from './system.fixture.ts';

const START = [process.execPath, MAIN];

it('A second server on the same folder says where the first one is and ends with 1; the first goes on', async () => {
  const folder = await dataFolder();
  const first = await startServer(START, { DATA_DIR: folder });
  const second = await startServer(START, { DATA_DIR: folder });
  expect([second.url, await second.ended()]).toEqual([undefined, 1]);
  expect(second.stderr()).toMatch(
    new RegExp(`^The server is already running at ${first.url} \\(pid ${first.child.pid}\\).*DATA_DIR.*\n$`),
  );
  expect((await fetch(`${first.url}/health`)).status).toBe(200);
});

it('A folder whose server was killed takes the next one', async () => {
  const folder = await dataFolder();
  const first = await startServer(START, { DATA_DIR: folder });
  first.child.kill('SIGKILL');
  await first.ended();
  expect(await serverIn(folder)).toBe(first.child.pid);
  const second = await startServer(START, { DATA_DIR: folder });
  expect(second.url).toBeDefined();
  expect(await serverIn(folder)).toBe(second.child.pid);
});

it('Of several that start at the same moment, one serves', async () => {
  const folder = await dataFolder();
  const started = await Promise.all(
    Array.from({ length: 3 }, () => startServer(START, { DATA_DIR: folder })),
  );
  expect(started.filter(({ url }) => url !== undefined)).toHaveLength(1);
  const refused = started.filter(({ url }) => url === undefined);
  expect(await Promise.all(refused.map((server) => server.ended()))).toEqual([1, 1]);
  for (const server of refused) expect(server.stderr()).toContain('The server is already running');
});

it('A copy of the folder is another folder, also while its server runs', async () => {
  const [folder, copy] = [await dataFolder(), `${await dataFolder()}-copy`];
  onTestFinished(() => rm(copy, { recursive: true, force: true }));
  const first = await startServer(START, { DATA_DIR: folder });
  await cp(folder, copy, { recursive: true });
  const second = await startServer(START, { DATA_DIR: copy });
  expect(second.url).toBeDefined();
  expect((await fetch(`${first.url}/health`)).status).toBe(200);
});

it('A lock that is no lock is named, with what to do', async () => {
  const folder = await dataFolder();
  await writeFile(
    join(folder, 'server.lock'),
    'somebody else wrote this, and more than a header has'.repeat(20),
  );
  const server = await startServer(START, { DATA_DIR: folder });
  expect([server.url, await server.ended()]).toEqual([undefined, 1]);
  expect(server.stderr()).toMatch(/server\.lock cannot be locked.*remove the file/);
});
