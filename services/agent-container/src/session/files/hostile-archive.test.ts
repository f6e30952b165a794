import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { packObject, sessionObjectKey } from '@omnicloud/storage';
import { Header, type HeaderData, Pax } from 'tar';
import { expect, it } from 'vitest';
import { ID, type Machine, newMachine } from '../machine.fixture.ts';
import { encodeSnapshot } from './snapshot.ts';

const PACK = '0190c8a4-0000-4000-8000-00000000000a';
const CONTENT = 'mine';
const RIGHT: Member = { path: 'workspace/x', content: CONTENT };

interface Member extends Omit<HeaderData, 'size'> {
  readonly content?: string | Buffer;
  /** What the header says of the content's length. */
  readonly size?: number;
  /** Said by a header of its own, which counts more. */
  readonly pax?: { path?: string; linkpath?: string };
}

/** An archive as anybody may write one, member by member. */
function archive(...members: readonly Member[]): Buffer {
  const blocks = members.flatMap(({ content = '', size, pax, ...fields }) => {
    const bytes = Buffer.from(content);
    const header = new Header({
      type: 'File',
      mode: 0o644,
      mtime: new Date(0),
      size: size ?? bytes.byteLength,
      ...fields,
    });
    header.encode();
    const padding = Buffer.alloc((512 - (bytes.byteLength % 512)) % 512);
    return [...(pax ? [new Pax(pax).encode()] : []), header.block ?? Buffer.of(), bytes, padding];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

/** A machine whose store says that the workspace holds the file `x`, and that its content is in this archive. */
async function machineWith(pack: Buffer): Promise<Machine> {
  const one = await newMachine();
  await one.save();
  const [key = ''] = one.store.puts.filter((put) => put.includes('/snapshots/'));
  const snapshot = encodeSnapshot({
    format: 1,
    saved: '2026-01-01T00:00:00.000Z',
    root: one.home.root,
    entries: [
      {
        type: 'file',
        path: 'workspace/x',
        size: CONTENT.length,
        sha256: createHash('sha256').update(CONTENT).digest('hex'),
        mode: 0o644,
        modified: '2026-01-01T00:00:00.000Z',
        pack: PACK,
        member: 'workspace/x',
      },
    ],
    packs: { [PACK]: { bytes: CONTENT.length } },
    left_out: [],
  });
  await one.store.put(key, snapshot);
  await one.store.put(sessionObjectKey(ID, packObject(PACK)), pack);
  return one.another();
}

/** Expects that a restore from this archive loses these files, and makes nothing but the transcript and the file. */
async function expectRestored(machine: Machine, lost: readonly string[]): Promise<void> {
  const { home } = machine;
  // From the folder that holds the machine's work folder, so that nothing that escaped is missed.
  const everything = (): Promise<string[]> => readdir(join(home.root, '..', '..'), { recursive: true });
  const before = new Set(await everything());
  expect(await machine.restore()).toEqual(lost);
  const made = (await everything()).filter((path) => !before.has(path));
  const inHome = (path: string): string => join('work', ID, path);
  const wanted = lost.length > 0 ? [] : [inHome('workspace/x')];
  expect(made.sort()).toEqual([inHome(`config/projects/p/${ID}.jsonl`), ...wanted]);
  // As the conversation was stored, whatever an archive says of it.
  expect(await readFile(home.transcript, 'utf8')).toContain('Hello');
  if (lost.length === 0) expect(await readFile(join(home.workspace, 'x'), 'utf8')).toBe(CONTENT);
}

it.each<[string, Member[]]>([
  ['a symbolic link', [{ path: 'workspace/x', type: 'SymbolicLink', linkpath: '/etc/passwd' }]],
  ['a hard link', [{ path: 'workspace/x', type: 'Link', linkpath: '/etc/passwd' }]],
  ['a device', [{ path: 'workspace/x', type: 'CharacterDevice', devmaj: 1, devmin: 5 }]],
  ['a block device', [{ path: 'workspace/x', type: 'BlockDevice', devmaj: 8, devmin: 0 }]],
  ['a pipe', [{ path: 'workspace/x', type: 'FIFO' }]],
  ['a directory', [{ path: 'workspace/x/', type: 'Directory' }]],
  ['another content of the same length', [{ path: 'workspace/x', content: 'evil' }]],
  ['a longer one', [{ path: 'workspace/x', content: 'mine and more' }]],
  ['a path that a second header changes', [{ ...RIGHT, pax: { path: '../../../escaped' } }]],
  ['a path that goes up', [{ ...RIGHT, path: 'workspace/../workspace/x' }]],
  ['an absolute path', [{ ...RIGHT, path: '/workspace/x' }]],
  ['its name in capitals', [{ ...RIGHT, path: 'workspace/X' }]],
  ['a name of a million characters', [{ ...RIGHT, pax: { path: `workspace/${'x'.repeat(1_000_000)}` } }]],
  ['less than its header says', [{ ...RIGHT, size: 4_000_000 }]],
  ['a bomb before it', [{ path: 'workspace/bomb', content: Buffer.alloc(50_000_000) }, RIGHT]],
])('An archive that holds %s in a file’s place gives nothing', async (_, members) => {
  await expectRestored(await machineWith(archive(...members)), ['workspace/x']);
});

it.each<[string, Member[]]>([
  ['a link in the place of the workspace', [{ path: 'workspace', type: 'SymbolicLink', linkpath: '/tmp' }]],
  ['files that lead elsewhere', [{ path: '../../../escaped', content: 'out' }]],
  ['a file that belongs to the CLI', [{ path: 'config/settings.json', content: '{"hooks":{}}' }]],
  ['the transcript of the session', [{ path: `config/projects/p/${ID}.jsonl`, content: '{}' }]],
  ['a file that nobody listed', [{ path: 'workspace/y', content: 'y' }]],
])('An archive that also holds %s gives the file alone', async (_, members) => {
  await expectRestored(await machineWith(archive(...members, RIGHT)), []);
});

it('Of a file that an archive holds twice, neither is taken for the other', async () => {
  const wrong: Member = { ...RIGHT, content: 'evil' };
  await expectRestored(await machineWith(archive(RIGHT, wrong)), []);
  await expectRestored(await machineWith(archive(wrong, RIGHT)), ['workspace/x']);
});
