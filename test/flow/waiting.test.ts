import { expect, it } from 'vitest';
import { createGate } from '../fakes/scripted-model.ts';
import { PERSON } from '../fakes/telegram-server.ts';
import { useFlow } from './system.fixture.ts';

const flow = useFlow();

it('Messages sent while a turn runs are marked as waiting, and are then answered together, in order', async () => {
  await flow.start();
  const gate = createGate();
  flow.model.reply('First ', gate, 'answer.');
  flow.model.reply('Both at once.');
  flow.say('One');
  await gate.reached;
  flow.say('Two');
  flow.say('Three');
  const marks = [];
  while (marks.length < 2) {
    marks.push(await flow.telegram.waitForCall(({ method }) => method === 'setMessageReaction'));
  }
  const waiting = marks.map(({ payload }) => Number(payload.message_id));
  expect(waiting.map((id) => flow.telegram.standIn.reaction(PERSON, id))).toEqual(['👀', '👀']);
  gate.release();
  const answer = await flow.telegram.waitForMessage(PERSON, (text) => text === 'Both at once.');
  expect(answer.reply_to_message?.message_id).toBe(waiting[1]);
  expect(flow.telegram.botTexts(PERSON)).toEqual(['First answer.', 'Both at once.']);
  expect(flow.model.requests).toHaveLength(2);
  expect(JSON.stringify(flow.model.requests[1]?.body.messages.at(-1))).toContain('Two\\n\\nThree');
  expect(waiting.map((id) => flow.telegram.standIn.reaction(PERSON, id))).toEqual([undefined, undefined]);
  expect(flow.errors).toEqual([]);
});
