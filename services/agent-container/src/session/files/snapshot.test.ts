import { mkdir, readdir, readFile, realpath, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { packObject, sessionObjectKey, snapshotObject } from '@omnicloud/storage';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isConfinedLink, isConfinedPath } from '../home/confined-path.ts';
import { ID, newMachine } from '../machine.fixture.ts';
import { decodeSnapshot, encodeSnapshot, type Snapshot, type SnapshotEntry } from './snapshot.ts';

const PACK = '0190c8a4-0000-4000-8000-00000000000a';
const SHA256_OF_NOTHING = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const modified = '2026-01-01T00:00:00.000Z';

const file = (path: string, more: object = {}): SnapshotEntry => ({
  type: 'file',
  path,
  size: 0,
  sha256: SHA256_OF_NOTHING,
  mode: 0o644,
  modified,
  pack: PACK,
  member: 'workspace/x',
  ...more,
});
const link = (path: string, target: string): SnapshotEntry => ({ type: 'link', path, modified, target });
const snapshot = (...entries: SnapshotEntry[]): Snapshot => ({
  format: 1,
  saved: modified,
  root: '/work/x',
  entries,
  packs: { [PACK]: { bytes: 0 } },
  left_out: [],
});

it('A list of thousands of files that lie a thousand folders deep is checked in a time like that of reading it', () => {
  const deep = `workspace/${'a/'.repeat(1_900)}`;
  const body = encodeSnapshot(
    snapshot(...Array.from({ length: 4_000 }, (_, index) => file(`${deep}${index}`))),
  );
  const beganAt = performance.now();
  JSON.parse(new TextDecoder().decode(body));
  const readMs = performance.now() - beganAt;
  const checkedAt = performance.now();
  expect(decodeSnapshot(body)?.entries).toHaveLength(4_000);
  expect((performance.now() - checkedAt) / readMs).toBeLessThan(50);
}, 120_000);

describe('A list of files that no save can have written is not used', () => {
  it.each([
    ['a path that goes up', file('workspace/../../other/x')],
    ['an absolute path', file('/etc/passwd')],
    ['an empty part', file('workspace//x')],
    ['a part that is a dot', file('workspace/./x')],
    ['the workspace itself', file('workspace')],
    ['a NUL', file('workspace/a\0b')],
    ['a name that no disk can hold', file(`workspace/${'é'.repeat(128)}`)],
    ['the settings of the CLI', file('config/settings.json')],
    ['the session’s transcript', file(`config/projects/p/${ID}.jsonl`)],
    ['another place of the home', file('cli.pid')],
    ['setuid', file('workspace/x', { mode: 0o4755 })],
    ['a pack by a path', file('workspace/x', { pack: '../../other/packs/1' })],
    ['a pack that is not listed', file('workspace/x', { pack: ID })],
    ['a size below nothing', file('workspace/x', { size: -1 })],
    ['a link to an absolute path', link('workspace/x', '/etc/passwd')],
    ['a link that leads up', link('workspace/a/x', '../../x')],
    ['a link that leads up after a name', link('workspace/x', 'a/../../b')],
    ['a link beside the workspace', link('config/plans/x', 'y')],
  ])('%s', (_, entry) => {
    expect(decodeSnapshot(encodeSnapshot(snapshot(entry)))).toBeUndefined();
  });

  it.each([
    ['the same path twice', [file('workspace/x'), link('workspace/x', 'y')]],
    ['a file below a link', [link('workspace/x', 'y'), file('workspace/x/z')]],
    ['a file below a file', [file('workspace/x'), file('workspace/x/y/z')]],
  ])('%s', (_, entries) => {
    expect(decodeSnapshot(encodeSnapshot(snapshot(...entries)))).toBeUndefined();
  });

  it.each(['', '{', '[]', '{"format":2}', 'null'])('%j', (text) => {
    expect(decodeSnapshot(Buffer.from(text))).toBeUndefined();
  });

  it('but one that a save wrote is', () => {
    const written = snapshot(
      file('workspace/a/b'),
      link('workspace/a/c', '../d'),
      link('workspace/l', './a/b'),
      file(`config/projects/p/${ID}/tool-results/1.txt`),
    );
    expect(decodeSnapshot(encodeSnapshot(written))).toEqual(written);
  });
});

/** Parts as an attacker would choose them, in both cases and both normal forms. */
const part = fc.constantFrom(
  '..',
  '.',
  '',
  'a',
  'A',
  'é',
  'e\u0301',
  'workspace',
  'config',
  '\0',
  '~',
  'C:',
  '\\',
  ' ',
);
const path = fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join('/'));

it('A confined path, taken literally, stays below the home', () =>
  fc.assert(
    fc.property(path, (candidate) => {
      fc.pre(isConfinedPath(candidate));
      expect(join('/home', candidate)).toBe(`/home/${candidate}`);
      expect(candidate).toMatch(/^(workspace|config\/(plans|projects|file-history))\/./);
    }),
  ));

it('However confined links are chained, what they reach lies in the workspace', () =>
  fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(path, path), { minLength: 1, maxLength: 6 }), async (pairs) => {
      const { home } = await newMachine();
      await mkdir(join(home.workspace, 'a', 'A'), { recursive: true });
      await writeFile(join(home.root, 'outside'), '');
      const made: string[] = [];
      for (const [name, target] of pairs) {
        const at = `workspace/${name}`;
        if (!isConfinedPath(at) || !isConfinedLink(at, target)) continue;
        // As in a restore: its parent is a directory of our own, never a link.
        if (made.some((other) => at.startsWith(`${other}/`) || other.startsWith(`${at}/`))) continue;
        const parent = join(home.root, at, '..');
        await mkdir(parent, { recursive: true }).catch(() => undefined);
        await symlink(target, join(home.root, at)).then(
          () => made.push(at),
          () => undefined,
        );
      }
      for (const at of made) {
        const reached = await realpath(join(home.root, at)).catch(() => undefined);
        if (reached !== undefined) expect(`${reached}/`.startsWith(`${home.workspace}/`)).toBe(true);
      }
    }),
    { numRuns: 60 },
  ));

it('A hostile list and hostile archives write nothing outside, and no more than was announced', async () => {
  const one = await newMachine();
  await one.save();
  const [key = ''] = one.store.puts.filter((put) => put.includes('/snapshots/'));
  const bomb = gzipSync(Buffer.alloc(50_000_000));
  await one.store.put(sessionObjectKey(ID, packObject(PACK)), bomb);
  await one.store.put(key, encodeSnapshot(snapshot(file('workspace/x'), file('workspace/y'))));
  expect(await one.restore()).toEqual(['workspace/x', 'workspace/y']);
  expect(await readdir(one.home.workspace)).toEqual([]);

  // A list that cannot be read is as none: what is here stays as it is.
  await one.store.put(key, encodeSnapshot(snapshot(file('workspace/../../escaped'))));
  await writeFile(join(one.home.workspace, 'mine'), 'mine');
  expect(await one.restore()).toEqual([]);
  await expect(stat(join(one.home.root, '..', 'escaped'))).rejects.toMatchObject({ code: 'ENOENT' });
  expect(await readFile(join(one.home.workspace, 'mine'), 'utf8')).toBe('mine');
});

it('A conversation that was changed by hand, or cut off, still finds the newest files', async () => {
  const one = await newMachine();
  await one.write({ 'workspace/a': 'a' });
  await one.save();
  const conversation = sessionObjectKey(ID, 'conversation.jsonl');
  await one.store.put(
    conversation,
    Buffer.concat([(await one.store.get(conversation))?.body ?? Buffer.of(), Buffer.from('\n')]),
  );
  await one.store.put(sessionObjectKey(ID, snapshotObject('0'.repeat(64))), Buffer.from('damaged'));
  const other = await one.another();
  await other.restore();
  expect(await readFile(join(other.home.workspace, 'a'), 'utf8')).toBe('a');
});
