import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PERSON } from '../fakes/telegram-server.ts';
import { useFlow } from './system.fixture.ts';

const flow = useFlow();

const SAID = { first: 'The secret word is apple', second: 'The number is seven', third: 'What do you know?' };
const LOST = 'The earlier conversation could not be found, so this is a new one.\n\n';
const REPAIRED = (lost: string): string => `The stored conversation was damaged: ${lost}\n\n`;

async function say(text: string, answer: string, notice = ''): Promise<void> {
  flow.model.reply(answer);
  flow.say(text);
  await flow.telegram.waitForMessage(PERSON, (shown) => shown === notice + answer);
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
  it.each<[string, (lines: string[]) => string]>([
    [
      'cut in the middle of the second answer',
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
      (lines) => lines.with(lineSaying(lines, SAID.second), '{"parentUuid":').join('\n'),
    ],
    [
      'cut between the second message and its answer',
      (lines) => `${lines.slice(0, lineSaying(lines, 'Noted the number.')).join('\n')}\n`,
    ],
  ])(
    '%s: the model knows the first turn and nothing of the second, and the user is told',
    async (_, change) => {
      await twoTurns();
      const kept = await damage(change);
      await say(SAID.third, 'The word.', REPAIRED('the last message and its answer are lost.'));
      const request = lastRequest();
      expect(request).toContain(SAID.first);
      expect(request).toContain('Noted the word.');
      expect(request).toContain(SAID.third);
      expect(request).not.toContain(SAID.second);
      expect(request).not.toContain('Noted the number.');
      await expectKeptAside(kept);
      expect(flow.errors).toMatchObject([{ code: 'internal' }]);

      await say('And now?', 'All is well.');
      expect(lastRequest()).toContain(SAID.third);
      expect(await readdir(sessions())).toHaveLength(1);
    },
  );

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

describe('A stored conversation that is damaged in its first turn', () => {
  it.each<[string, (lines: string[]) => string]>([
    [
      'cut in the first answer',
      (lines) =>
        lines
          .slice(0, lineSaying(lines, 'Noted the word.') + 1)
          .join('\n')
          .slice(0, -100),
    ],
    [
      'with a bad line in the middle of the first turn',
      (lines) => lines.with(4, lines[4]?.slice(0, 40) ?? '').join('\n'),
    ],
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
