import { execFileSync } from 'node:child_process';
import { link, mkdir, open, readdir, rename, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { newMachine } from '../machine.fixture.ts';
import { isOpenedWithin, Outbox } from './outbox.ts';
import { temporaryDirectory } from '../home/temporary-directory.fixture.ts';

async function contents(outbox: Outbox): Promise<string[]> {
  return Promise.all(outbox.files.map(async ({ read }) => Buffer.from(await read()).toString()));
}

const UNSENDABLE = { code: 'unsendable_file' };

it('A file is taken as it is at that moment', async () => {
  const machine = await newMachine();
  const { home } = machine;
  await using outbox = new Outbox(home);
  await machine.write({ 'workspace/out/report v1.md': 'first' });
  const file = await outbox.add('out/report v1.md', '  the *report* ');
  await machine.write({ 'workspace/out/report v1.md': 'second' });
  expect(file).toMatchObject({ name: 'report v1.md', size: 5, caption: 'the *report*' });
  expect(await contents(outbox)).toEqual(['first']);
});

it('The working directory may be named in full', async () => {
  const machine = await newMachine();
  const { home } = machine;
  await machine.write({ 'workspace/a.txt': 'a' });
  await using outbox = new Outbox(home);
  expect(await outbox.add(join(home.workspace, 'a.txt'))).toMatchObject({ name: 'a.txt' });
});

it('Links within the workspace are followed, links out of it are not', async () => {
  const machine = await newMachine();
  const { home } = machine;
  const outside = await temporaryDirectory();
  await writeFile(join(outside, 'secret'), 'secret');
  await machine.write({ 'workspace/a.txt': 'a' });
  await symlink('a.txt', join(home.workspace, 'inside'));
  await symlink(join(outside, 'secret'), join(home.workspace, 'file'));
  await symlink(outside, join(home.workspace, 'folder'));
  await using outbox = new Outbox(home);
  expect(await outbox.add('inside')).toMatchObject({ size: 1 });
  for (const path of [
    'file',
    'folder/secret',
    '../config/settings.json',
    '/etc/passwd',
    join(outside, 'secret'),
  ])
    await expect(outbox.add(path)).rejects.toMatchObject(UNSENDABLE);
  expect(outbox.files).toHaveLength(1);
});

it.runIf(process.platform === 'linux')(
  'A file counts by where it lies when it is open, not by the path that led to it',
  async () => {
    const machine = await newMachine();
    const { home } = machine;
    const outside = await temporaryDirectory();
    await machine.write({ 'workspace/folder/a.txt': 'mine' });
    const path = join(home.workspace, 'folder/a.txt');
    const file = await open(path);
    try {
      expect(await isOpenedWithin(file, path, home.workspace)).toBe(true);
      // The same path leads into the workspace again, to another file.
      await rename(join(home.workspace, 'folder'), join(outside, 'folder'));
      await machine.write({ 'workspace/folder/a.txt': 'another' });
      expect(await isOpenedWithin(file, path, home.workspace)).toBe(false);
    } finally {
      await file.close();
    }
  },
);

it('What is no file, or an empty one, is not sent, and no pipe is waited for', async () => {
  const machine = await newMachine();
  const { home } = machine;
  await machine.write({ 'workspace/empty': '' });
  await mkdir(join(home.workspace, 'folder'));
  execFileSync('mkfifo', [join(home.workspace, 'pipe')]);
  await using outbox = new Outbox(home);
  for (const path of ['empty', 'folder', 'pipe', 'missing', '.', '', 'a\0b'])
    await expect(outbox.add(path)).rejects.toMatchObject(UNSENDABLE);
});

it('What Telegram or this turn cannot take is refused, and the agent learns the limit', async () => {
  const { home } = await newMachine();
  const file = join(home.workspace, 'large');
  await writeFile(file, 'x');
  await truncate(file, 50_000_001);
  await using outbox = new Outbox(home);
  await expect(outbox.add('large')).rejects.toThrow(/50000000/);
  await truncate(file, 45_000_000);
  await outbox.add('large');
  await outbox.add('large');
  await expect(outbox.add('large')).rejects.toThrow(/10000000/);
});

it('At most ten files go out in one turn', async () => {
  const machine = await newMachine();
  const { home } = machine;
  await machine.write({ 'workspace/a': 'a' });
  await using outbox = new Outbox(home);
  for (let count = 0; count < 10; count += 1) await outbox.add('a');
  await expect(outbox.add('a')).rejects.toMatchObject(UNSENDABLE);
});

it('A second name of a file in the workspace is as good as the first', async () => {
  const machine = await newMachine();
  const { home } = machine;
  await machine.write({ 'workspace/a': 'a' });
  await link(join(home.workspace, 'a'), join(home.workspace, 'b'));
  await using outbox = new Outbox(home);
  expect(await outbox.add('b')).toMatchObject({ name: 'b' });
});

it('Of thirty large files that are sent at once, only as many are taken as may go out, and none fills the memory', async () => {
  const machine = await newMachine();
  const { home } = machine;
  const file = join(home.workspace, 'large');
  await writeFile(file, 'x');
  await truncate(file, 20_000_000);
  await using outbox = new Outbox(home);
  const before = process.memoryUsage().rss;
  const sent = await Promise.allSettled(Array.from({ length: 30 }, () => outbox.add('large')));
  expect(sent.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
  expect(outbox.files).toHaveLength(5);
  expect(process.memoryUsage().rss - before).toBeLessThan(50_000_000);
});

it('What was refused takes no room', async () => {
  const machine = await newMachine();
  await machine.write({ 'workspace/a': 'a' });
  await using outbox = new Outbox(machine.home);
  await Promise.allSettled(Array.from({ length: 20 }, () => outbox.add('missing')));
  for (let count = 0; count < 10; count += 1) await outbox.add('a');
  expect(await contents(outbox)).toEqual(Array.from({ length: 10 }, () => 'a'));
});

it('The copies have no name that an agent could find, and are gone with the outbox', async () => {
  const machine = await newMachine();
  await machine.write({ 'workspace/a': 'a' });
  const outbox = new Outbox(machine.home);
  await outbox.add('a');
  expect(await readdir(machine.home.spool)).toEqual([]);
  const [file] = outbox.files;
  await outbox[Symbol.asyncDispose]();
  await expect(file?.read()).rejects.toThrow();
});

it('Once the turn is over, nothing more is taken that nobody would free', async () => {
  const machine = await newMachine();
  await machine.write({ 'workspace/a': 'a' });
  const outbox = new Outbox(machine.home);
  await outbox[Symbol.asyncDispose]();
  await expect(outbox.add('a')).rejects.toMatchObject(UNSENDABLE);
  expect(outbox.files).toEqual([]);
});
