import { execFileSync } from 'node:child_process';
import { mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withPlainDirectory } from '../home/read-plain.ts';
import { decodeTodos, encodeTodos, readTasks, type Task, writeTasks } from './task-list.ts';
import { temporaryDirectory } from '../home/temporary-directory.fixture.ts';

const task = (id: string, more: object = {}): Task => ({
  id,
  subject: `Task ${id}`,
  status: 'pending',
  ...more,
});

describe('the tasks on disk', () => {
  it('are none where there is no directory', async () => {
    expect(await readTasks(join(await temporaryDirectory(), 'missing'))).toEqual([]);
  });

  it('come in the order of their numbers, not of their names', async () => {
    const directory = await temporaryDirectory();
    await writeTasks(
      directory,
      ['10', '9', '1', '2'].map((id) => task(id)),
    );
    expect((await readTasks(directory)).map(({ id }) => id)).toEqual(['1', '2', '9', '10']);
  });

  it('keep fields that this version does not know', async () => {
    const directory = await temporaryDirectory();
    const tasks = [
      task('1', { blockedBy: ['2'], metadata: { deep: [1, null] } }),
      task('2', { status: 'odd' }),
    ];
    await writeTasks(directory, tasks);
    expect(await readTasks(directory)).toEqual(tasks);
  });

  it('replace whatever was there', async () => {
    const directory = join(await temporaryDirectory(), 'not', 'there', 'yet');
    await writeTasks(directory, [task('1'), task('2')]);
    await writeTasks(directory, [task('3')]);
    expect(await readdir(directory)).toEqual(['3.json']);
  });

  it('leave out what is no task', async () => {
    const directory = await temporaryDirectory();
    await writeTasks(directory, [task('1')]);
    const others = {
      '2.json': '{"id":',
      '3.json': '[]',
      '4.json': '{"id":"../../4"}',
      '.lock': '',
      notes: 'x',
    };
    for (const [name, text] of Object.entries(others)) await writeFile(join(directory, name), text);
    expect(await readTasks(directory)).toEqual([task('1')]);
  });

  it.skipIf(process.platform === 'win32')('follow no link, and wait for no pipe', async () => {
    const directory = await temporaryDirectory();
    const elsewhere = await temporaryDirectory();
    await writeTasks(elsewhere, [task('7')]);
    await writeTasks(directory, [task('1')]);
    await symlink(join(elsewhere, '7.json'), join(directory, '2.json'));
    execFileSync('mkfifo', [join(directory, '3.json')]);
    await mkdir(join(directory, '4.json'));
    await writeFile(join(directory, '5.json'), JSON.stringify(task('5', { padding: 'x'.repeat(70_000) })));
    expect(await readTasks(directory)).toEqual([task('1')]);
    await rm(directory, { recursive: true });
    await symlink(elsewhere, directory);
    await expect(readTasks(directory)).rejects.toMatchObject({ code: 'ENOTDIR' });
  });

  it('are an error, not none, when they cannot be read', async () => {
    const directory = await temporaryDirectory();
    await writeFile(join(directory, 'file'), '');
    await expect(readTasks(join(directory, 'file'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });
});

describe('todos.json', () => {
  it('decodes to the tasks it was encoded from', () =>
    fc.assert(
      fc.property(fc.array(anyTask), (tasks) => {
        expect(decodeTodos(encodeTodos(tasks))).toEqual(tasks);
      }),
    ));

  it.each([
    ['no JSON', '['],
    ['nothing', ''],
    ['no list', '{}'],
    ['a task without id', '[{"subject":"x"}]'],
    ['an id that leads to another directory', '[{"id":"../1"}]'],
    ['an id that is too long', '[{"id":"1234567890"}]'],
  ])('is damaged when it holds %s', (_, text) => {
    expect(decodeTodos(Buffer.from(text))).toBeUndefined();
  });
});

const anyTask = fc.record({
  id: fc.nat({ max: 999_999_999 }).map(String),
  subject: fc.string({ unit: 'grapheme' }),
  status: fc.constantFrom('pending', 'in_progress', 'completed', 'odd'),
  activeForm: fc.string(),
});

it('A shell that fills the list with large tasks does not fill the memory', async () => {
  const directory = await temporaryDirectory();
  const subject = 'x'.repeat(60_000);
  await Promise.all(
    Array.from({ length: 200 }, (_, index) =>
      writeFile(join(directory, `${index}.json`), JSON.stringify({ id: String(index), subject })),
    ),
  );
  expect(JSON.stringify(await readTasks(directory)).length).toBeLessThan(300 * 1024);
});

it('A shell that fills the directory with names does not have them all read', async () => {
  const directory = await temporaryDirectory();
  for (let index = 0; index < 50; index += 1) await writeFile(join(directory, `${index}.json`), '');
  const read = await withPlainDirectory(directory, 20, (names) => Promise.resolve(names.length));
  expect(read).toBe(20);
});
