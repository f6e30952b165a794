import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { relocateFile, relocateTranscript as relocateInPieces } from './relocate-transcript.ts';
import { type SessionHome, sessionHome } from '../home/session-home.ts';
import { temporaryDirectory } from '../home/temporary-directory.fixture.ts';

const ID = '0190c8a4-0000-4000-8000-000000000001';
const OTHER_ID = '0190c8a4-0000-4000-8000-000000000002';
const there = sessionHome('/var/lib/work', ID);
const here = sessionHome('/tmp/sessions', ID);

const relocateTranscript = (jsonl: string, home: SessionHome): string =>
  Buffer.concat([...relocateInPieces(Buffer.from(jsonl), home)]).toString();

const jsonl = (...entries: object[]): string => entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');

/** An entry as the CLI writes it: what was said comes before the working directory. */
const entry = (home: SessionHome, content: unknown): object => ({
  type: 'user',
  message: { role: 'user', content },
  sessionId: home.sessionId,
  cwd: home.workspace,
});

describe('a transcript that was written elsewhere', () => {
  it('names the files of this machine: workspace, stored tool results, and whatever else lies in the home', () => {
    const said = (home: SessionHome): string =>
      jsonl(
        { type: 'queue-operation' },
        entry(home, `Full output saved to: ${join(home.transcriptFolder, 'tool-results', '1.txt')}`),
        entry(home, [{ type: 'tool_use', input: { file_path: join(home.workspace, 'ein "Zitat".md') } }]),
      );
    expect(relocateTranscript(said(there), here)).toBe(said(here));
  });

  it('may come from a directory, and go to one, with a name that is special in JSON or in a replacement', () => {
    for (const [from, to] of [
      ['/a "b"\\c/$&', "/$' $` $$ $1/é\\"],
      ["/$'", '/"'],
    ] as const) {
      const [before, after] = [sessionHome(from, ID), sessionHome(to, ID)];
      expect(relocateTranscript(jsonl(entry(before, 'Hi')), after)).toBe(jsonl(entry(after, 'Hi')));
    }
  });

  it('keeps what it says of another session', () => {
    const other = sessionHome('/var/lib/work', OTHER_ID);
    const moved = relocateTranscript(jsonl(entry(there, other.workspace)), here);
    expect(moved).toBe(jsonl(entry(here, other.workspace)));
  });

  it('is not led astray by a user who writes of a "cwd"', () => {
    const text = `"cwd":"/etc/${OTHER_ID}/workspace" and {"cwd":"/x/${ID}/workspace"}`;
    expect(relocateTranscript(jsonl(entry(there, text)), here)).toBe(jsonl(entry(here, text)));
  });
});

describe('A path that lies where one piece of what is read ends and the next begins', () => {
  const MIB = 1024 * 1024;
  /** A line of several pieces with a path at the end of the first one, cut at any of its characters, and bytes that are no text. */
  const cutAt = (home: SessionHome, characters: number): Buffer => {
    const begin = jsonl(entry(there, 'Hi')).length;
    const first = Buffer.from(jsonl(entry(home, 'Hi')));
    const padding = Buffer.alloc(MIB - begin - characters, 'x');
    const path = Buffer.from(home.root);
    return Buffer.concat([first, padding, path, Buffer.from([0xff, 0x80]), Buffer.alloc(MIB, 'y'), path]);
  };

  it.each([0, 1, 20, there.root.length - 1, there.root.length])('is rewritten: cut after %i', async (at) => {
    expect(Buffer.concat([...relocateInPieces(cutAt(there, at), here)]).equals(cutAt(here, at))).toBe(true);
    const folder = await temporaryDirectory();
    await writeFile(join(folder, 'a.jsonl'), cutAt(there, at));
    await relocateFile(join(folder, 'a.jsonl'), there.root, here.root);
    expect((await readFile(join(folder, 'a.jsonl'))).equals(cutAt(here, at))).toBe(true);
    expect(await readdir(folder)).toEqual(['a.jsonl']);
  });
});

describe('a transcript that stays as it is', () => {
  it.each([
    ['was written here', jsonl(entry(here, 'Hi'))],
    ['names no working directory', jsonl({ type: 'summary' })],
    ['is empty', ''],
    ['belongs to another session', jsonl(entry(sessionHome('/var/lib/work', OTHER_ID), there.workspace))],
  ])('is one that %s', (_, transcript) => {
    expect(relocateTranscript(transcript, here)).toBe(transcript);
  });
});

it('is the same bytes after it was moved there and back', () =>
  fc.assert(
    fc.property(
      anyRoot,
      anyRoot,
      fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 3 }),
      (one, other, texts) => {
        const [from, to] = [sessionHome(one, ID), sessionHome(other, ID)];
        const transcript = jsonl(
          ...texts.map((text) => entry(from, text)),
          entry(from, from.transcriptFolder),
        );
        const moved = relocateTranscript(transcript, to);
        expect(moved).toBe(jsonl(...texts.map((text) => entry(to, text)), entry(to, to.transcriptFolder)));
        expect(relocateTranscript(moved, from)).toBe(transcript);
      },
    ),
  ));

const anyFolder = fc.string({ unit: 'grapheme', minLength: 1 }).filter((name) => !/[/\0]|^\.\.?$/.test(name));
const anyRoot = fc
  .array(fc.oneof(anyFolder, fc.constantFrom('$&', '$$', '"', '\\', 'work')), { minLength: 1, maxLength: 4 })
  .map((folders) => `/${folders.join('/')}`);

it('A file that cannot be opened, or written anew, fails whoever asked, and nobody else', async () => {
  const folder = await temporaryDirectory();
  const missing = join(folder, 'missing.jsonl');
  await expect(relocateFile(missing, there.root, here.root)).rejects.toMatchObject({ code: 'ENOENT' });
  // Neither can be had: an error of the one that nobody waits for would end the process.
  const occupied = join(folder, 'occupied.jsonl');
  await mkdir(`${occupied}.moved`);
  await expect(relocateFile(occupied, there.root, here.root)).rejects.toMatchObject({
    code: expect.stringMatching(/^(EEXIST|EISDIR|ERR_FS_EISDIR)$/) as unknown,
  });
});
