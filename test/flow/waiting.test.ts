import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createGate } from '../fakes/scripted-model.ts';
import { FORUM, PERSON } from '../fakes/telegram-server.ts';
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
  const asked = flow.model.requests[1]?.body.messages.findLast(({ role }) => role === 'user');
  expect(JSON.stringify(asked)).toContain('Two\\n\\nThree');
  expect(waiting.map((id) => flow.telegram.standIn.reaction(PERSON, id))).toEqual([undefined, undefined]);
  expect(flow.errors).toEqual([]);
});

it('With every slot taken, a chat is told its place, commands are answered, and the answer takes the place of the sign', async () => {
  await flow.start({ MAX_PARALLEL_TURNS: '1' });
  const gate = createGate();
  flow.model.reply('First ', gate, 'answer.');
  flow.model.reply('Second answer.');
  flow.say('One');
  await gate.reached;
  flow.say('Two', { chat_id: FORUM });
  await flow.telegram.waitForMessage(FORUM, (text) => text === 'Your message is next in the queue.');
  flow.say('/status', { chat_id: FORUM });
  await flow.telegram.waitForMessage(FORUM, (text) => text.includes('no conversation here'));
  gate.release();
  await flow.telegram.waitForMessage(FORUM, (text) => text === 'Second answer.');
  await flow.telegram.waitForCall(({ method }) => method === 'deleteMessage');
  expect(flow.telegram.botTexts(FORUM)).not.toContain('Your message is next in the queue.');
  expect(flow.errors).toEqual([]);
});

it('A damaged view of what waits and damaged stops neither prevent the start nor refuse a message', async () => {
  for (const name of ['backlog.db', 'stops.db']) {
    await writeFile(join(flow.dataDir, name), 'damaged, and no database at all');
  }
  await flow.start();
  flow.model.reply('Here I am.');
  flow.say('Hello');
  await flow.telegram.waitForMessage(PERSON, (text) => text === 'Here I am.');
  expect(flow.errors).toMatchObject([{ code: 'file_damaged' }, { code: 'file_damaged' }]);
});
