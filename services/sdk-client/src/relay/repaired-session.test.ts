import { type RunEvent, sessionKeyOf, wireError } from '@omnicloud/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type AgentAnswer,
  answered,
  failing,
  FINISHED,
  refusing,
  SESSION,
  streamed,
} from './agent/agent-server.fixture.ts';
import { later, RelayScene } from './relay-scene.fixture.ts';
import { turnOf } from '../turn/turn.fixture.ts';

const CHINESE = { ...turnOf().sender, language_code: 'zh-hans' };

let scene: RelayScene;
beforeEach(async () => {
  scene = await RelayScene.open();
  await scene.knows(SESSION);
});
afterEach(() => scene.close());

/** @returns a run that goes on with a repaired conversation, and says this. */
function afterRepair(lostTurns: number, ...said: (RunEvent | Promise<RunEvent>)[]): AgentAnswer {
  const accepted: RunEvent = { type: 'accepted', session_id: SESSION, is_new: false, repaired: lostTurns };
  return streamed([accepted, ...said]);
}

/** @returns such a run that ends well. */
function answeredAfterRepair(lostTurns: number): AgentAnswer {
  return afterRepair(lostTurns, { type: 'answer', text: 'Sunny.' }, FINISHED);
}

/** @returns such a run that fails, and is tried again. */
function crashedAfterRepair(lostTurns: number): AgentAnswer {
  return afterRepair(lostTurns, { type: 'failed', error: wireError('agent_crashed', 'for the log alone') });
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

/** The ends of a turn without an answer of the agent. */
const ENDS: [string, () => Promise<unknown>, string][] = [
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
];

it.each(ENDS)('It is told also by a turn that is %s', async (_end, end, says) => {
  scene.agent.script(refusing('session_unknown'), failing('agent_crashed'), failing('over_budget'));
  expect(await scene.handle({ update_id: 5 })).toEqual({ kind: 'retry' });
  await end();
  expect(scene.botApi.screen).toEqual([expect.stringMatching(`^${LOST}\\n\\n${says}`)]);
});

describe('The turns that a repaired conversation lacks', () => {
  const UPDATE = { update_id: 5 };
  const lacks = (turns: number): string =>
    `The stored conversation was damaged: ${turns} messages or their answers are lost.`;

  it('are told by the next try when the one that heard of them fails, and only for that turn', async () => {
    scene.agent.script(crashedAfterRepair(2), answered('Sunny.'), answered('Rainy.'));
    expect(await scene.handle(UPDATE)).toEqual({ kind: 'retry' });
    expect(await scene.handle(UPDATE)).toEqual({ kind: 'done' });
    await scene.handle({ update_id: 6 });
    expect(scene.botApi.screen).toEqual([`${lacks(2)}\n\nSunny.`, 'Rainy.']);
  });

  it('are told once when every try hears of them, with the largest number', async () => {
    scene.agent.script(crashedAfterRepair(3), crashedAfterRepair(2), answeredAfterRepair(2));
    for (let tries = 1; tries <= 3; tries += 1) await scene.handle(UPDATE);
    expect(scene.botApi.screen).toEqual([`${lacks(3)}\n\nSunny.`]);
  });

  it('are told although the worker that heard of them was killed in the middle of the run', async () => {
    const killed = async (): Promise<RunEvent> => {
      await vi.waitFor(
        async () => expect(await scene.ledger.find(5)).toMatchObject({ lostTurns: 2 }),
        10_000,
      );
      expect(await scene.handle(UPDATE)).toEqual({ kind: 'done' });
      return { type: 'answer', text: 'Too late.' };
    };
    scene.agent.script(async () => afterRepair(2, killed(), FINISHED)(), answered('Sunny.'));
    await expect(scene.handle(UPDATE)).rejects.toMatchObject({ code: 'turn_taken_over' });
    expect(scene.botApi.screen).toEqual([`${lacks(2)}\n\nSunny.`]);
  }, 20_000);

  it('are told once by an answer that was paused', async () => {
    const paused = { ...FINISHED, type: 'paused' } as RunEvent;
    const half: RunEvent = { type: 'answer', text: 'First half.' };
    scene.agent.script(afterRepair(2, half, paused), answered('The end.'));
    expect(await scene.handle(UPDATE)).toEqual({ kind: 'later', afterMs: 0 });
    expect(await scene.ledger.find(5)).not.toHaveProperty('lostTurns');
    await scene.handle(UPDATE);
    expect(scene.botApi.screen).toEqual([`${lacks(2)}\n\nFirst half.\n\nThe end.`]);
  });

  it('are not told once more when the conversation is lost altogether', async () => {
    scene.agent.script(crashedAfterRepair(2), refusing('session_unknown'), answered('Sunny.'));
    await scene.handle(UPDATE);
    await scene.handle(UPDATE);
    expect(scene.botApi.screen).toEqual([`${LOST}\n\nSunny.`]);
  });

  it.each(ENDS)('are told also by a turn that is %s', async (_end, end, says) => {
    scene.agent.script(crashedAfterRepair(2), failing('over_budget'));
    expect(await scene.handle(UPDATE)).toEqual({ kind: 'retry' });
    await end();
    expect(scene.botApi.screen).toEqual([expect.stringMatching(`^${lacks(2)}\\n\\n${says}`)]);
  });

  it('are not told again by a turn that was given up and is tried again', async () => {
    scene.agent.script(crashedAfterRepair(2), answered('Sunny.'));
    await scene.handle(UPDATE);
    await scene.giveUp(UPDATE);
    await scene.handle(UPDATE);
    expect(scene.botApi.screen).toEqual(['Sunny.']);
  });
});
