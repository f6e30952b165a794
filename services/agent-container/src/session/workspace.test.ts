import { execFile } from 'node:child_process';
import {
  chmod,
  link,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AgentError } from '../errors.ts';
import { DirectorySessionStore } from './store/directory-session-store.ts';
import { ID, type Machine, newMachine } from './machine.fixture.ts';
import { WORKSPACE_LIMITS } from './home/scan-home.ts';
import type { OpenObject } from './store/session-store.ts';

const isWindows = process.platform === 'win32';
const packsOf = (keys: readonly string[]): string[] => keys.filter((key) => key.includes('/packs/'));

/** @returns every path of the workspace with what is there. */
async function workspaceOf({ home }: Machine): Promise<Record<string, string>> {
  const items = await readdir(home.workspace, { recursive: true, withFileTypes: true });
  const found = items.map(async (item): Promise<[string, string]> => {
    const path = join(item.parentPath, item.name);
    const name = path.slice(home.workspace.length + 1);
    if (item.isSymbolicLink()) return [name, `→ ${await readlink(path)}`];
    return [name, item.isDirectory() ? 'directory' : await readFile(path, 'utf8')];
  });
  return Object.fromEntries(await Promise.all(found));
}

describe('The files of a workspace', () => {
  it('come back on another machine, with their kinds, times and whether they can be run', async () => {
    const one = await newMachine();
    await one.write({
      'workspace/notes.md': 'Grüße 👋',
      'workspace/empty': '',
      'workspace/src/app/main.py': 'print(1)',
      'workspace/.git/HEAD': 'ref: refs/heads/main',
      'workspace/big.bin': Buffer.alloc(9_000_000, 'big'),
    });
    await mkdir(join(one.home.workspace, '.git', 'refs', 'tags'), { recursive: true });
    await symlink('src/app', join(one.home.workspace, 'app'));
    await symlink('../notes.md', join(one.home.workspace, 'src', 'notes'));
    await chmod(join(one.home.workspace, 'src/app/main.py'), 0o4755);
    await utimes(join(one.home.workspace, 'notes.md'), new Date(0), new Date('2024-05-06T07:08:09Z'));
    const figures = await one.save();
    expect(figures).toEqual({ files: 5, bytes: 9_000_040, skipped: 0, is_over_limit: false });

    const other = await one.another();
    expect(await other.restore()).toEqual([]);
    expect(await workspaceOf(other)).toEqual(await workspaceOf(one));
    const main = await stat(join(other.home.workspace, 'src/app/main.py'));
    if (!isWindows) expect(main.mode & 0o7777).toBe(0o700);
    expect((await stat(join(other.home.workspace, 'notes.md'))).mtime).toEqual(
      new Date('2024-05-06T07:08:09Z'),
    );
  });

  it('are in archives that any tar unpacks', async () => {
    const one = await newMachine();
    const deep = `workspace/${'a long name/'.repeat(30)}é.txt`;
    await one.write({ 'workspace/notes.md': 'mine', [deep]: 'deep' });
    await one.save();
    const [key = ''] = packsOf(one.store.puts);
    const pack = join(one.home.root, 'pack.tar.gz');
    await writeFile(pack, (await one.store.get(key))?.body ?? '');
    await promisify(execFile)('tar', ['xzf', pack, '-C', one.home.temporary]);
    expect(await readFile(join(one.home.temporary, 'workspace/notes.md'), 'utf8')).toBe('mine');
    expect(await readFile(join(one.home.temporary, deep), 'utf8')).toBe('deep');
  });

  it('are sent once: not when they stay, are moved or have the same content as another', async () => {
    const one = await newMachine();
    await one.write({
      'workspace/a.txt': 'the same',
      'workspace/b.txt': 'the same',
      'workspace/c.txt': 'other',
    });
    await one.save();
    expect(packsOf(one.store.puts)).toHaveLength(1);
    await rm(join(one.home.workspace, 'a.txt'));
    await one.write({ 'workspace/moved/a.txt': 'the same' });
    await one.save();
    expect(packsOf(one.store.puts)).toHaveLength(1);
    await one.write({ 'workspace/c.txt': 'changed' });
    await one.save();
    expect(packsOf(one.store.puts)).toHaveLength(2);
    const other = await one.another();
    await other.restore();
    expect(await workspaceOf(other)).toEqual(await workspaceOf(one));
  });

  it('are kept in few objects however many turns change them, and what no turn needs is removed', async () => {
    const one = await newMachine();
    for (let turn = 0; turn < 40; turn += 1) {
      await one.write({ [`workspace/${turn}.txt`]: `turn ${turn}`, 'workspace/always.txt': String(turn) });
      await one.save();
      await one.restore();
    }
    const stored = await one.store.list(`sessions/${ID}/packs/`);
    expect(stored.length).toBeLessThan(20);
    expect(await one.store.list(`sessions/${ID}/snapshots/`)).toHaveLength(1);
    const other = await one.another();
    expect(await other.restore()).toEqual([]);
    expect(Object.keys(await workspaceOf(other))).toHaveLength(41);
  });

  it('are not fetched where they are already', async () => {
    const one = await newMachine();
    await one.write({ 'workspace/a.txt': 'a' });
    await one.save();
    one.store.failOn(/packs/, new Error('An archive was read'));
    expect(await one.restore()).toEqual([]);
    const file = join(one.home.workspace, 'a.txt');
    const before = await stat(file, { bigint: true });
    expect(await one.restore()).toEqual([]);
    // Not even touched: its digest would have to be reckoned anew.
    expect((await stat(file, { bigint: true })).ctimeNs).toBe(before.ctimeNs);
  });

  it('are in several archives when they are large, and a store that fails then is heard of', async () => {
    const one = await newMachine();
    const large = (name: string): Buffer => Buffer.alloc(8_500_000, name);
    const names = ['a', 'b', 'c'];
    await one.write(Object.fromEntries(names.map((name) => [`workspace/${name}`, large(name)])));
    await one.save();
    expect(packsOf(one.store.puts)).toHaveLength(3);
    const other = await one.another();
    expect(await other.restore()).toEqual([]);
    for (const name of names)
      expect(large(name).equals(await readFile(join(other.home.workspace, name)))).toBe(true);

    const third = await one.another();
    third.store.failOn(/packs/, new Error('The store is down'));
    await expect(third.restore()).rejects.toThrow('The store is down');
    await one.write(Object.fromEntries(names.map((name) => [`workspace/${name}`, large(`${name}!`)])));
    await expect(one.save()).rejects.toThrow('The store is down');
  });

  it('are again what was saved after a turn that failed', async () => {
    const one = await newMachine();
    await one.write({ 'workspace/a.txt': 'saved', 'workspace/b/c.txt': 'saved', 'workspace/d': 'saved' });
    await one.save();
    const saved = await workspaceOf(one);
    await one.write({ 'workspace/a.txt': 'chang', 'workspace/new/x.txt': 'new' });
    await rm(join(one.home.workspace, 'b'), { recursive: true });
    await writeFile(join(one.home.workspace, 'b'), 'a file where a directory was');
    await rm(join(one.home.workspace, 'd'));
    await one.write({ 'workspace/d/e.txt': 'a directory where a file was' });
    expect(await one.restore()).toEqual([]);
    expect(await workspaceOf(one)).toEqual(saved);
  });

  it('that were excluded are neither saved nor removed', async () => {
    const one = await newMachine();
    await one.write({
      'workspace/app/node_modules/x/index.js': 'x',
      'workspace/app/index.js': 'mine',
      'workspace/app/.gitignore': 'dist',
      'workspace/app/dist/out.js': 'what the user asked for',
    });
    expect(await one.save()).toMatchObject({ files: 3, is_over_limit: false });
    await one.restore();
    expect(await workspaceOf(one)).toHaveProperty(['app/node_modules/x/index.js']);
    const other = await one.another();
    await other.restore();
    expect(await workspaceOf(other)).not.toHaveProperty(['app/node_modules']);
    expect(await workspaceOf(other)).toHaveProperty(['app/dist/out.js']);
  });

  it('that are too large or too many are left out, the largest first, and it is said; here they stay', async () => {
    const one = await newMachine();
    await one.write({ 'workspace/large': 'x'.repeat(900), 'workspace/b': 'bb', 'workspace/a': 'a' });
    const limits = { ...WORKSPACE_LIMITS, bytes: 500 };
    expect(await one.save({ limits })).toEqual({ files: 2, bytes: 3, skipped: 1, is_over_limit: true });
    await one.restore();
    expect(Object.keys(await workspaceOf(one)).sort()).toEqual(['a', 'b', 'large']);
    const other = await one.another();
    await other.restore();
    expect(Object.keys(await workspaceOf(other)).sort()).toEqual(['a', 'b']);
    expect(await one.save({ limits: { ...WORKSPACE_LIMITS, files: 1 } })).toMatchObject({
      files: 1,
      skipped: 2,
    });
  });

  it('share that word with what the CLI keeps: a tool result of 300 MB is not left out in silence', async () => {
    const one = await newMachine();
    const result = `config/projects/p/${ID}/tool-results/1.txt`;
    await one.write({ [result]: '' });
    await truncate(join(one.home.root, result), 300_000_000);
    expect(await one.save()).toEqual({ files: 0, bytes: 0, skipped: 1, is_over_limit: true });
    await one.restore();
    expect((await stat(join(one.home.root, result))).size).toBe(300_000_000);
  });

  it.skipIf(isWindows)(
    'are followed by no link that leads elsewhere, and nothing but files is saved',
    async () => {
      const one = await newMachine();
      await writeFile(join(one.home.root, 'secret'), 'of somebody else');
      await symlink('../secret', join(one.home.workspace, 'up'));
      await symlink(join(one.home.root, 'secret'), join(one.home.workspace, 'absolute'));
      await symlink('/etc', join(one.home.workspace, 'etc'));
      await one.write({ 'workspace/twice': 'one content' });
      await link(join(one.home.workspace, 'twice'), join(one.home.workspace, 'hard'));
      await promisify(execFile)('mkfifo', [join(one.home.workspace, 'pipe')]);
      expect(await one.save()).toMatchObject({ files: 2, skipped: 4 });
      const other = await one.another();
      await other.restore();
      expect(await workspaceOf(other)).toEqual({ twice: 'one content', hard: 'one content' });
      expect((await stat(join(other.home.workspace, 'hard'))).nlink).toBe(1);
    },
  );

  it.skipIf(isWindows)('never come back through a link that the agent left in their way', async () => {
    const one = await newMachine();
    await one.write({ 'workspace/folder/file': 'mine', 'workspace/file': 'mine too' });
    await one.save();
    const other = await one.another();
    const outside = join(other.home.root, 'outside');
    await mkdir(outside);
    await writeFile(join(outside, 'file'), 'not to be touched');
    await symlink(outside, join(other.home.workspace, 'folder'));
    await symlink(join(outside, 'file'), join(other.home.workspace, 'file'));
    expect(await other.restore()).toEqual([]);
    expect(await readFile(join(outside, 'file'), 'utf8')).toBe('not to be touched');
    expect((await lstat(join(other.home.workspace, 'folder'))).isDirectory()).toBe(true);

    // Not even when the workspace itself is one.
    await rm(other.home.workspace, { recursive: true });
    await symlink(outside, other.home.workspace);
    await other.restore();
    expect(await readdir(outside)).toEqual(['file']);
    expect(await workspaceOf(other)).toMatchObject({ file: 'mine too' });
  });

  it('with paths that together are too long for the list of them are left out, and named', async () => {
    const one = await newMachine();
    const long = Array.from({ length: 14 }, (_, index) => `${index}`.padEnd(250, 'x')).join('/');
    const names = Array.from({ length: 1_500 }, (_, index) => String(index));
    await mkdir(join(one.home.workspace, long), { recursive: true });
    for (const name of names) await writeFile(join(one.home.workspace, long, name), name);
    await one.write({ 'workspace/a': '' });
    const { skipped, is_over_limit: isOverLimit } = await one.save();
    expect(isOverLimit).toBe(true);
    expect(skipped).toBeGreaterThan(200);
    const other = await one.another();
    expect(await other.restore()).toEqual([]);
    expect(await readdir(join(other.home.workspace, long))).toHaveLength(names.length - skipped);
    expect(await workspaceOf(other)).toMatchObject({ a: '' });
  });

  it('whose archive is missing or damaged are named, and all others are there', async () => {
    const one = await newMachine();
    await one.write({ 'workspace/a': 'a' });
    await one.save();
    await one.write({ 'workspace/b': 'b' });
    await one.save();
    const [first = '', second = ''] = packsOf(one.store.puts);
    const body = (await one.store.get(first))?.body ?? new Uint8Array();
    for (const damaged of [body.subarray(0, 40), Buffer.from('no archive')]) {
      await one.store.put(first, damaged);
      const other = await one.another();
      expect(await other.restore()).toEqual(['workspace/a']);
      expect(await workspaceOf(other)).toEqual({ b: 'b' });
    }
    // The content of another file under the name of this one.
    await one.store.put(first, (await one.store.get(second))?.body ?? body);
    expect(await (await one.another()).restore()).toEqual(['workspace/a']);
    await one.store.delete(second);
    expect(await (await one.another()).restore()).toEqual(['workspace/a', 'workspace/b']);
  });

  it('are not called lost when the store breaks off while it gives an archive out', async () => {
    class BreakingStore extends DirectorySessionStore {
      override async open(key: string): Promise<OpenObject | undefined> {
        const object = await super.open(key);
        if (object === undefined || !key.includes('/packs/')) return object;
        const body = (async function* () {
          for await (const piece of object.body) {
            yield piece.subarray(0, 40);
            throw new AgentError('store_unavailable', 'The store broke off');
          }
        })();
        return { ...object, body };
      }
    }
    const one = await newMachine();
    await one.write({ 'workspace/a': 'a' });
    await one.save();
    const other = await newMachine({ store: new BreakingStore(one.objects) });
    await expect(other.restore()).rejects.toMatchObject({ code: 'store_unavailable' });
  });

  it.each(['packs/', 'snapshots/', 'conversation'])(
    'are those of the turn before when the save was cut off at %s',
    async (failing) => {
      const one = await newMachine();
      await one.write({ 'workspace/a': 'before' });
      await one.save();
      const { version: before, files } = await one.stored();
      one.store.failOn(new RegExp(failing), new Error('Cut off'));
      await one.write({ 'workspace/a': 'after', 'workspace/b': 'new' });
      await expect(one.save({ before, files })).rejects.toThrow('Cut off');
      one.store.failOn(/^nothing$/, new Error('Never'));
      const other = await one.another();
      expect(await other.restore()).toEqual([]);
      expect(await workspaceOf(other)).toEqual({ a: 'before' });
    },
  );

  it('are those of the winner when a stale writer saves, also when it cleans up late', async () => {
    const stale = await newMachine();
    await stale.write({ 'workspace/a': 'first' });
    await stale.save();
    const read = await stale.stored();
    const winner = await stale.another();
    await winner.restore();
    await winner.write({ 'workspace/a': 'the winner’s' });
    await winner.save();
    await stale.write({ 'workspace/a': 'stale' });
    await expect(stale.save({ before: read.version, files: read.files })).rejects.toMatchObject({
      name: 'AgentError',
      code: 'lease_lost',
      retryable: true,
      cause: { code: 'condition_failed' },
    });
    const last = await stale.another();
    expect(await last.restore()).toEqual([]);
    expect(await workspaceOf(last)).toEqual({ a: 'the winner’s' });
  });

  it('are none when the store fails: then the turn is tried again', async () => {
    const one = await newMachine();
    await one.write({ 'workspace/a': 'a' });
    await one.save();
    const other = await one.another();
    other.store.failOn(/packs/, new Error('The store is down'));
    await expect(other.restore()).rejects.toThrow('The store is down');
  });
});

it('Whatever a workspace holds, it comes back as it was', () =>
  fc.assert(
    fc.asyncProperty(
      fc.dictionary(fileName(), fc.oneof(fc.uint8Array({ maxLength: 2_000 }), fc.constant('same')), {
        maxKeys: 8,
      }),
      async (files) => {
        const one = await newMachine();
        const written = Object.entries(files).map(([name, content], index) => [
          `workspace/${index % 2 === 0 ? '' : 'folder/'}${name}`,
          content,
        ]);
        await one.write(Object.fromEntries(written) as Record<string, string>);
        await one.save();
        const other = await one.another();
        expect(await other.restore()).toEqual([]);
        expect(await workspaceOf(other)).toEqual(await workspaceOf(one));
      },
    ),
    { numRuns: 25 },
  ));

/** Names as no sane person gives them, in both normal forms, with controls and with what is special to tar, pax and patterns. */
function fileName(): fc.Arbitrary<string> {
  const unit = fc.constantFrom(
    'a',
    'B',
    'é',
    'e\u0301',
    '👋',
    ' ',
    '=',
    '\n',
    '\t',
    '"',
    '*',
    '[',
    '!',
    '#',
    '$',
    '%',
    '..',
  );
  const name = fc.string({ unit, minLength: 1, maxLength: 20 });
  return name.filter((text) => text !== '..' && text !== 'folder' && !isWindows);
}
