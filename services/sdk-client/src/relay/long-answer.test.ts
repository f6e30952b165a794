import { afterEach, beforeEach, expect, it } from 'vitest';
import { NO_CAPTION, refused, throttled } from '../telegram/bot-api.fixture.ts';
import { TEXTS } from '../reply/texts.ts';
import { answered } from './agent/agent-server.fixture.ts';
import { later, RelayScene, WHEN_COMPLETE } from './relay-scene.fixture.ts';
import { recordOf, turnOf } from '../turn/turn.fixture.ts';
import type { TurnLedger } from '../turn/turn-ledger.ts';

const DONE = { kind: 'done' };
const UPDATE = { update_id: 5 };
/** Five messages' worth. */
const LONG = Array.from({ length: 200 }, (_, line) => `${line} ${'word '.repeat(19)}`).join('\n\n');
/** Nothing that can be compressed to what an item of a table holds. */
const CHINESE = Array.from({ length: 128_000 }, () =>
  String.fromCharCode(0x4e00 + Math.floor(Math.random() * 0x5000)),
).join('');
const attached = TEXTS.en.answerAttached;

let scene: RelayScene;
beforeEach(async () => {
  scene = await RelayScene.open();
});
afterEach(async () => {
  await scene.close();
});

/** @returns the files in the chat, as text. */
function documents(): { name: string; text: string }[] {
  return scene.botApi.documents.map(({ name, content }) => ({
    name,
    text: new TextDecoder().decode(content),
  }));
}

/** @returns the messages in the chat, documents aside. */
function messages(): string[] {
  return scene.botApi.screen.filter((text) => text !== NO_CAPTION);
}

it('An answer beyond four messages is its beginning, which says so, and the whole as a file', async () => {
  scene.agent.script(answered(LONG));
  expect(await scene.handle(UPDATE)).toEqual(DONE);
  expect(messages()).toHaveLength(4);
  expect(messages()[0]?.startsWith('0 word')).toBe(true);
  expect(messages().map((text) => text.endsWith(attached))).toEqual([false, false, false, true]);
  expect(documents()).toEqual([{ name: 'answer.md', text: LONG }]);
  expect(await scene.handle(UPDATE)).toEqual(DONE);
  expect([messages().length, documents().length]).toEqual([4, 1]);
});

it('It is told in the language of its reader', async () => {
  scene.agent.script(answered(LONG));
  await scene.handle({ sender: { id: '1', name: 'Ada', language_code: 'zh-hans' } });
  expect(messages().at(-1)?.endsWith(TEXTS.zh.answerAttached)).toBe(true);
});

it('A hostile answer of four megabytes and more is four messages and one file of bounded size', async () => {
  scene.agent.script(answered('a\n\n'.repeat(1_400_000)));
  expect(await scene.handle()).toEqual(DONE);
  expect(messages()).toHaveLength(4);
  expect(documents()).toHaveLength(1);
  expect(documents()[0]?.text.endsWith(TEXTS.en.answerCut)).toBe(true);
  expect(documents()[0]?.text.length).toBeLessThan(4_001_000);
});

it('An answer of 128,000 random characters of Chinese is whole in the chat, once, whatever comes in between', async () => {
  scene.agent.script(answered(CHINESE));
  scene.botApi.script('sendMessage', throttled(90));
  expect(await scene.handle(UPDATE)).toEqual(later(90_000));
  expect(scene.spilled.objects.size).toBe(1);
  scene.botApi.script('sendDocument', throttled(90));
  expect(await scene.handle(UPDATE)).toEqual(later(90_000));
  expect([messages().length, documents().length]).toEqual([4, 0]);
  expect(await scene.handle(UPDATE)).toEqual(DONE);
  expect(messages()).toHaveLength(4);
  expect(documents()).toEqual([{ name: 'answer.md', text: CHINESE }]);
  expect(await scene.handle(UPDATE)).toEqual(DONE);
  expect([messages().length, documents().length]).toEqual([4, 1]);
  expect(scene.agent.calls).toHaveLength(1);
  expect([...scene.spilled.objects.keys()]).toEqual([]);
});

it('While it is put off, it is not sent again, and the file follows', async () => {
  scene.agent.script(answered(LONG));
  scene.botApi.script('sendDocument', throttled(90));
  expect(await scene.handle(UPDATE)).toEqual(later(90_000));
  expect([messages().length, documents().length]).toEqual([4, 0]);
  expect(await scene.handle(UPDATE)).toEqual(DONE);
  expect([messages().length, documents().length]).toEqual([4, 1]);
  expect(scene.agent.calls).toHaveLength(1);
});

it('Where no files are taken, its user is told', async () => {
  scene.agent.script(answered(LONG));
  scene.botApi.script('sendDocument', refused(400, 'Bad Request: not enough rights to send documents'));
  expect(await scene.handle(UPDATE)).toEqual(DONE);
  expect(messages().at(-1)).toBe(TEXTS.en.answerRefused);
});

it('It is whole also when the turn is given up', async () => {
  scene.agent.script(answered(LONG));
  scene.botApi.script('sendMessage', throttled(90));
  await scene.handle(UPDATE);
  await scene.giveUp(UPDATE);
  expect([messages().length, documents().length]).toEqual([4, 1]);
});

it('The file of a turn that was given up is not taken for the file of the answer that it gets later', async () => {
  await scene.ledger.save(5, recordOf({ paused: { text: LONG, runs: 1 } }));
  await scene.giveUp(UPDATE);
  expect(documents()).toEqual([{ name: 'answer.md', text: `${TEXTS.en.gaveUp}\n\n${LONG}` }]);
  // Somebody brings the turn back.
  scene.agent.script(answered('The end.'));
  expect(await scene.handle(UPDATE)).toEqual(DONE);
  expect(documents()).toHaveLength(2);
  const whole = documents()[1]?.text;
  expect([whole?.startsWith(LONG.trim()), whole?.endsWith('The end.')]).toEqual([true, true]);
});

/** A ledger whose process is killed at one of its writes. */
function killedAt(step: number, when: 'before' | 'after'): { ledger: TurnLedger; killed: Promise<'killed'> } {
  const { promise: killed, resolve } = Promise.withResolvers<'killed'>();
  let steps = 0;
  const ledger: TurnLedger = {
    find: (updateId) => scene.ledger.find(updateId),
    save: async (updateId, record) => {
      steps += 1;
      const isLast = steps === step;
      if (isLast && when === 'before') resolve('killed');
      if (steps >= step && when === 'before') return new Promise(() => undefined);
      const isSaved = await scene.ledger.save(updateId, record);
      if (isLast) resolve('killed');
      return steps >= step ? new Promise(() => undefined) : isSaved;
    },
  };
  return { ledger, killed };
}

it.each([
  ['before', 'an answer beyond four messages', LONG],
  ['after', 'an answer beyond four messages', LONG],
  ['before', 'an answer that the ledger cannot hold', CHINESE],
  ['after', 'an answer that the ledger cannot hold', CHINESE],
] as const)(
  'A worker that is killed %s any step leaves %s whole: what is sent twice is at most what was on its way',
  async (when, _, long) => {
    for (let step = 1; ; step += 1) {
      const updateId = 100 + step;
      const turn = turnOf({ update_id: updateId });
      scene.botApi.clearScreen();
      scene.botApi.documents.length = 0;
      scene.agent.script(answered(long), answered(long));
      const { ledger, killed } = killedAt(step, when);
      const handling = scene.handler(WHEN_COMPLETE, { ledger }).handle(turn, 1);
      if ((await Promise.race([handling, killed])) !== 'killed') {
        expect(step).toBeGreaterThan(12);
        return;
      }
      expect(await scene.handler().handle(turn, 2)).toEqual(DONE);
      const { undecidableSends: unknown = 0 } = (await scene.ledger.find(updateId)) ?? {};
      const again = messages().length - 4 + (documents().length - 1);
      expect(again).toBeGreaterThanOrEqual(0);
      expect(again).toBeLessThanOrEqual(unknown);
      expect(new Set(messages()).size).toBe(4);
      expect(new Set(documents().map(({ text }) => text))).toEqual(new Set([long]));
    }
  },
  180_000,
);
