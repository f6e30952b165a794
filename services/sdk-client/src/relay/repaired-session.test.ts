import { type RunEvent, sessionKeyOf } from '@omnicloud/protocol';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  type AgentAnswer,
  answered,
  failing,
  FINISHED,
  refusing,
  SESSION,
  streamed,
} from './agent-server.fixture.ts';
import { later, RelayScene } from './relay-scene.fixture.ts';
import { turnOf } from './turn.fixture.ts';

const CHINESE = { ...turnOf().sender, language_code: 'zh-hans' };

let scene: RelayScene;
beforeEach(async () => {
  scene = await RelayScene.open();
  await scene.knows(SESSION);
});
afterEach(() => scene.close());

/** @returns a run that goes on with a repaired conversation and ends well. */
function answeredAfterRepair(lostTurns: number): AgentAnswer {
  const accepted: RunEvent = { type: 'accepted', session_id: SESSION, is_new: false, repaired: lostTurns };
  return streamed([accepted, { type: 'answer', text: 'Sunny.' }, FINISHED]);
}

it.each([
  [
    0,
    'The stored conversation was damaged and has been repaired; no message is lost.',
    '保存的对话有损坏，已经修复，没有消息丢失。',
  ],
  [
    1,
    'The stored conversation was damaged: one message or its answer is lost.',
    '保存的对话有损坏：有 1 条消息或其回答已丢失。',
  ],
  [
    12,
    'The stored conversation was damaged: 12 messages or their answers are lost.',
    '保存的对话有损坏：有 12 条消息或其回答已丢失。',
  ],
])(
  'A repaired conversation that lost %i turns is told once, above the answer',
  async (lost, english, chinese) => {
    scene.agent.script(answeredAfterRepair(lost), answeredAfterRepair(lost));
    await scene.handle();
    await scene.handle({ sender: CHINESE });
    expect(scene.botApi.screen).toEqual([`${english}\n\nSunny.`, `${chinese}\n\nSunny.`]);
  },
);

it('The session of a repaired conversation is kept', async () => {
  scene.agent.script(answeredAfterRepair(1));
  await scene.handle();
  expect(await scene.session()).toBe(SESSION);
});

it('One beyond repair is told as one that is lost, and nothing else', async () => {
  scene.agent.script(refusing('session_unknown'), streamed([{ type: 'answer', text: 'Sunny.' }, FINISHED]));
  await scene.handle();
  expect(scene.botApi.screen).toEqual([
    'The earlier conversation could not be found, so this is a new one.\n\nSunny.',
  ]);
});

it('What a try that failed has found to be lost is told by the next one, once', async () => {
  const turn = { update_id: 5 };
  scene.agent.script(refusing('session_unknown'), failing('model_unavailable'), answered('Sunny.'));
  expect(await scene.handle(turn)).toEqual(later(2_000));
  expect(await scene.session()).toBeUndefined();
  expect(await scene.handle(turn)).toEqual({ kind: 'done' });
  expect(scene.botApi.screen).toEqual([
    'The earlier conversation could not be found, so this is a new one.\n\nSunny.',
  ]);
  scene.agent.script(answered('Rainy.'));
  await scene.handle({ update_id: 6 });
  expect(scene.botApi.screen.at(-1)).toBe('Rainy.');
});

const LOST = 'The earlier conversation could not be found, so this is a new one.';
const STOP = 9;

it.each<[string, () => Promise<unknown>, string]>([
  ['given up', () => scene.giveUp({ update_id: 5 }), 'I could not answer this message after several tries.'],
  ['refused', () => scene.handle({ update_id: 5 }), 'I could not answer: the spending limit is reached.'],
  [
    'stopped',
    async () => {
      await scene.stops.request(sessionKeyOf(turnOf()), STOP);
      await scene.handle({ update_id: 5 });
    },
    '⏹ Stopped.',
  ],
])('It is told also by a turn that is %s', async (_end, end, says) => {
  scene.agent.script(refusing('session_unknown'), failing('agent_crashed'), failing('over_budget'));
  expect(await scene.handle({ update_id: 5 })).toEqual({ kind: 'retry' });
  await end();
  expect(scene.botApi.screen).toEqual([expect.stringMatching(`^${LOST}\\n\\n${says}`)]);
});
