// A program of the attacker's in the CLI's place: whatever it writes, its own turn ends, its chat goes on, and others are served.
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PERSON } from '../fakes/telegram-server.ts';
import { hasEnded, type HostileStage, openHostileStage } from './cli-output.fixture.ts';
import { hasBegun, neighbourAlone } from './under-attack.fixture.ts';

/** Beyond what a chat alone waits for, and as long as two of that on a machine that is busy with other things. */
const LEEWAY_MS = 3_000;
const MOST_MB = 700;
const TOLD_OF_MUCH = expect.stringContaining('wrote more, than one message may') as string;

let hostile: HostileStage;
let aloneMs = 0;

/** What others felt is in bounds, however the attack ended. */
async function attack(name: string): Promise<readonly string[]> {
  const felt = await hostile.feel(name);
  expect(felt.neighbourMs).toBeLessThan(aloneMs + Math.max(LEEWAY_MS, 2 * aloneMs));
  expect(felt.slowestMs).toBeLessThan(LEEWAY_MS);
  expect(felt.peakMb).toBeLessThan(MOST_MB);
  expect(hostile.stage.server().exitCode).toBeNull();
  return felt.texts;
}

const documents = (): number =>
  hostile.stage.telegram.calls.filter(({ method }) => method === 'sendDocument').length;

describe('A hostile program in the place of the CLI', () => {
  beforeAll(async () => {
    hostile = await openHostileStage();
    await neighbourAlone(hostile.stage);
    aloneMs = await neighbourAlone(hostile.stage);
  });
  afterAll(() => hostile[Symbol.asyncDispose]());

  it.each([
    'a line without a break',
    'very many small lines',
    'very many pieces of text',
    'questions whose answers nobody reads',
  ])('that writes %s ends its own turn alone, with a word about it', async (name) => {
    expect(await attack(name)).toContainEqual(TOLD_OF_MUCH);
  });

  it('that forges an answer of a megabyte and sends a hundred files gets four messages, and eleven files', async () => {
    const before = documents();
    const texts = await attack('a hundred files and an answer of a megabyte');
    expect(texts.filter((text) => text.includes('A forged answer.'))).toHaveLength(4);
    expect(texts).toContainEqual(expect.stringContaining('10 files were taken.'));
    // Ten, and the whole answer.
    expect(documents()).toBe(before + 11);
  });

  it.each(['a forged result', 'a result of another form', 'events in no order'])(
    'that writes %s harms its own turn alone, and its chat goes on',
    async (name) => {
      await attack(name);
    },
  );

  it.each([
    ['its last word, and goes on without one more', 'Its last word.'],
    ['its last word, and noise for ever after', 'Its last word.'],
    ['its last word, and leaves its output to a child', 'Its last word.'],
    ['a second result, and calls of tools after it', 'Said twice.'],
    ['words of every odd form', 'In every odd form.'],
  ])('that writes %s is not waited for, and its chat has the answer', async (name, answer) => {
    expect(await attack(name)).toContainEqual(expect.stringContaining(answer));
  });

  it.each([
    'nothing any more, as its output is closed',
    'its result, with its input closed',
    'its result before it was asked',
    'lists in lists, 100,000 deep',
  ])('that writes %s harms its own turn alone, and its chat goes on', async (name) => {
    await attack(name);
  });

  it('that never says a word is ended by /stop', async () => {
    const { stage } = hostile;
    await hostile.plan('not a word');
    const told = stage.telegram.botTexts(PERSON).length;
    stage.telegram.standIn.sendAsUser({ chat_id: PERSON, text: 'Go on' });
    await hasBegun(stage);
    expect(await neighbourAlone(stage)).toBeLessThan(aloneMs + Math.max(LEEWAY_MS, 2 * aloneMs));
    stage.telegram.standIn.sendAsUser({ chat_id: PERSON, text: '/stop' });
    await hostile.answeredAgain(told);
  });

  it('whose turn is delivered again does not end the next server either', async () => {
    const { stage, options } = hostile;
    await hostile.plan('very many small lines');
    const told = stage.telegram.botTexts(PERSON).length;
    stage.telegram.standIn.sendAsUser({ chat_id: PERSON, text: 'Go on' });
    await hasBegun(stage);
    await stage.restart(options);
    await hasBegun(stage);
    await neighbourAlone(stage);
    expect(await hostile.answeredAgain(told)).toContainEqual(TOLD_OF_MUCH);
    expect(stage.server().exitCode).toBeNull();
  });
});

describe('Where nothing stands between the CLI and the server', () => {
  it('a line without a break ends the server, and the next one that is given the turn', async () => {
    await using unguarded = await openHostileStage(['CLI channel']);
    const { stage, options } = unguarded;
    await unguarded.plan('a line without a break');
    stage.telegram.standIn.sendAsUser({ chat_id: PERSON, text: 'Go on' });
    expect(await hasEnded(unguarded)).toBe(true);
    await stage.restart(options);
    expect(await hasEnded(unguarded)).toBe(true);
  });
});

describe('Where a CLI is waited for after its last word', () => {
  it('one that goes on without one more has its turn for as long as it likes', async () => {
    await using patient = await openHostileStage(['end of the grace']);
    const { stage } = patient;
    await patient.plan('its last word, and goes on without one more');
    const told = stage.telegram.botTexts(PERSON).length;
    stage.telegram.standIn.sendAsUser({ chat_id: PERSON, text: 'Go on' });
    await hasBegun(stage);
    await patient.plan(undefined);
    stage.telegram.standIn.sendAsUser({ chat_id: PERSON, text: 'Are you still there?' });
    // Three times as long as the grace.
    await delay(4_500);
    await neighbourAlone(stage);
    expect(stage.telegram.botTexts(PERSON).slice(told)).not.toContain('ok');
    stage.telegram.standIn.sendAsUser({ chat_id: PERSON, text: '/stop' });
    await patient.answeredAgain(told);
  });
});

describe('Where answers and files have no bounds', () => {
  it('a hundred files at once are more than ten, and a forged answer is more than four messages', async () => {
    await using unbounded = await openHostileStage(['number of files', 'parts of an answer']);
    const { stage } = unbounded;
    await unbounded.plan('a hundred files and an answer of a megabyte');
    stage.telegram.standIn.sendAsUser({ chat_id: PERSON, text: 'Go on' });
    const forged = (): string[] =>
      stage.telegram.botTexts(PERSON).filter((text) => text.includes('A forged answer.'));
    while (forged().length <= 4) await delay(20);
    expect(forged()).toContainEqual(expect.stringMatching(/^(?:[2-9]\d|100) files were taken/));
  });
});
