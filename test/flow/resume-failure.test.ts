import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PERSON } from '../fakes/telegram-server.ts';
import { useFlow } from './system.fixture.ts';

const flow = useFlow();

const SAID = { first: 'The secret word is apple', second: 'The number is seven', third: 'What do you know?' };
const LOST = 'The earlier conversation could not be found, so this is a new one.\n\n';
const ONE_LOST = 'one message or its answer is lost.';
const REPAIRED = (lost: string): string => `The stored conversation was damaged: ${lost}\n\n`;

async function say(text: string, answer: string, notice = ''): Promise<void> {
  flow.model.reply(answer);
  flow.say(text);
  await flow.telegram.waitForMessage(PERSON, (shown) => shown === notice + answer);
  // It is shown while it is written, and so before it is stored.
  await expect.poll(stored, { timeout: 60_000 }).toContain(answer);
}

/** @returns all stored conversations. */
async function stored(): Promise<string> {
  const texts = (await readdir(sessions())).map((session) =>
    readFile(join(sessions(), session, 'conversation.jsonl'), 'utf8').catch(() => ''),
  );
  return (await Promise.all(texts)).join('');
}

async function twoTurns(): Promise<void> {
  await flow.start();
  await say(SAID.first, 'Noted the word.');
  await say(SAID.second, 'Noted the number.');
}

const sessions = (): string => join(flow.dataDir, 'objects', 'sessions');

/** Changes the stored conversation of the only session, as a disk or a bug might. */
async function damage(change: (lines: string[]) => string): Promise<{ folder: string; damaged: string }> {
  const [session = ''] = await readdir(sessions());
  const folder = join(sessions(), session);
  const file = join(folder, 'conversation.jsonl');
  const damaged = change((await readFile(file, 'utf8')).trimEnd().split('\n'));
  await writeFile(file, damaged);
  return { folder, damaged };
}

/** @returns the line of the transcript by which a turn begins or ends: the message that says this. */
function lineSaying(lines: readonly string[], text: string): number {
  const index = lines.findIndex((line) => line.includes('"parentUuid"') && line.includes(text));
  if (index === -1) throw new Error(`Nobody says ${text}`);
  return index;
}

function lastRequest(): string {
  return JSON.stringify(flow.model.requests.at(-1)?.body.messages);
}

async function expectKeptAside({ folder, damaged }: { folder: string; damaged: string }): Promise<void> {
  const aside = (await readdir(folder)).filter((name) => /^damaged-[0-9a-f]{64}\.jsonl$/.test(name));
  expect(aside).toHaveLength(1);
  expect(await readFile(join(folder, aside[0] ?? ''), 'utf8')).toBe(damaged);
}

describe('A stored conversation that is damaged after its first turn', () => {
  it.each<[string, readonly string[], (lines: string[]) => string]>([
    [
      'cut in the middle of the second answer',
      ['Noted the number.'],
      (lines) => {
        const answer = lineSaying(lines, 'Noted the number.');
        return lines
          .slice(0, answer + 1)
          .join('\n')
          .slice(0, -100);
      },
    ],
    [
      'with a bad line in the middle of the second turn',
      [SAID.second],
      (lines) => lines.with(lineSaying(lines, SAID.second), '{"parentUuid":').join('\n'),
    ],
    [
      'cut between the second message and its answer',
      ['Noted the number.'],
      (lines) => `${lines.slice(0, lineSaying(lines, 'Noted the number.')).join('\n')}\n`,
    ],
    [
      'cut right after the first turn',
      [SAID.second, 'Noted the number.'],
      (lines) => `${lines.slice(0, lineSaying(lines, 'Noted the word.') + 1).join('\n')}\n`,
    ],
  ])('%s: the model knows all the rest, and the user is told', async (_, lost, change) => {
    await twoTurns();
    const kept = await damage(change);
    await say(SAID.third, 'The word.', REPAIRED(ONE_LOST));
    const request = lastRequest();
    for (const said of [...Object.values(SAID), 'Noted the word.', 'Noted the number.'])
      if (lost.includes(said)) expect(request).not.toContain(said);
      else expect(request).toContain(said);
    await expectKeptAside(kept);
    expect(flow.errors).toMatchObject([{ code: 'internal' }]);

    await say('And now?', 'All is well.');
    expect(lastRequest()).toContain(SAID.third);
    expect(await readdir(sessions())).toHaveLength(1);
  });

  it('in its last bookkeeping line: nothing is forgotten', async () => {
    await twoTurns();
    const kept = await damage((lines) => lines.join('\n').slice(0, -20));
    await say(
      SAID.third,
      'Both.',
      'The stored conversation was damaged and has been repaired; no message is lost.\n\n',
    );
    for (const said of Object.values(SAID)) expect(lastRequest()).toContain(said);
    expect(lastRequest()).toContain('Noted the number.');
    await expectKeptAside(kept);
  });
});

describe('A stored conversation of six turns', () => {
  it('that is cut in half: the loss is counted, and the message whose answer is gone is still known', async () => {
    await flow.start();
    for (const turn of [1, 2, 3, 4, 5, 6]) await say(`Message ${turn}`, `Answer ${turn}`);
    await damage((lines) => {
      const text = lines.join('\n');
      return text.slice(0, text.indexOf('Answer 2'));
    });
    await say('And now?', 'Lost.', REPAIRED('5 messages or their answers are lost.'));
    for (const known of ['Message 1', 'Answer 1', 'Message 2', 'And now?'])
      expect(lastRequest()).toContain(known);
  });
});

describe('A stored conversation that is damaged in its first turn', () => {
  it.each<[string, readonly string[], (lines: string[]) => string]>([
    [
      'cut in the first answer',
      [SAID.first],
      (lines) =>
        lines
          .slice(0, lineSaying(lines, 'Noted the word.') + 1)
          .join('\n')
          .slice(0, -100),
    ],
    [
      'with a bad line in the middle of the first turn',
      [SAID.first, 'Noted the word.', SAID.second, 'Noted the number.'],
      (lines) => lines.with(4, lines[4]?.slice(0, 40) ?? '').join('\n'),
    ],
  ])('%s: the model knows all the rest', async (_, known, change) => {
    await twoTurns();
    const kept = await damage(change);
    const lost = 2 - Math.floor(known.length / 2);
    await say(
      SAID.third,
      'Something.',
      lost === 0
        ? 'The stored conversation was damaged and has been repaired; no message is lost.\n\n'
        : REPAIRED(`${lost} messages or their answers are lost.`),
    );
    for (const said of known) expect(lastRequest()).toContain(said);
    await expectKeptAside(kept);
    expect(await readdir(sessions())).toHaveLength(1);
  });
});

describe('A stored conversation of which nothing can be read', () => {
  it.each<[string, (lines: string[]) => string]>([
    ['emptied', () => ''],
    ['replaced by garbage', () => 'not a conversation\n'.repeat(50)],
    ['replaced by bytes that are no text', () => '\u0000\uFFFD\u001F\u0007{"'.repeat(5_000)],
  ])('%s: a new one begins, and the user is told', async (_, change) => {
    await twoTurns();
    const kept = await damage(change);
    await say(SAID.third, 'Nothing.', LOST);
    expect(lastRequest()).toContain(SAID.third);
    for (const forgotten of [SAID.first, SAID.second, 'Noted'])
      expect(lastRequest()).not.toContain(forgotten);
    await expectKeptAside(kept);

    await say('And now?', 'All is well.');
    expect(lastRequest()).toContain(SAID.third);
    expect(await readdir(sessions())).toHaveLength(2);
  });
});
