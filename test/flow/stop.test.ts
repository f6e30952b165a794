import { expect, it } from 'vitest';
import { createGate } from '../fakes/scripted-model.ts';
import { PERSON } from '../fakes/telegram-server.ts';
import { useFlow } from './system.fixture.ts';

const flow = useFlow();

it('/stop ends a running turn past the messages queued behind it; what was said stays, and the conversation goes on', async () => {
  await flow.start();
  const gate = createGate();
  flow.model.reply('Half of it', gate, ' and never the rest.');
  flow.say('Tell me everything');
  await gate.reached;
  flow.say('And this one waits');
  flow.say('/stop');
  await flow.telegram.waitForMessage(PERSON, (text) => text === 'Half of it\n\n⏹ Stopped.');
  const said = 'Everything you asked before this is stopped, and the message that was waiting is dropped.';
  await flow.telegram.waitForMessage(PERSON, (text) => text === said);
  gate.release();

  flow.model.reply('Going on.');
  flow.say('Go on');
  await flow.telegram.waitForMessage(PERSON, (text) => text === 'Going on.');
  expect(flow.telegram.botTexts(PERSON)).toHaveLength(3);
  expect(flow.model.requests).toHaveLength(2);
  const messages = JSON.stringify(flow.model.requests[1]?.body.messages);
  expect(messages).toContain('Half of it');
  expect(messages).not.toContain('And this one waits');
});

it('/stop drops eight waiting messages with one word and takes their marks off; with nothing running it says so', async () => {
  await flow.start();
  const gate = createGate();
  flow.model.reply('Half of it', gate);
  flow.say('Tell me everything');
  await gate.reached;
  for (let waiting = 0; waiting < 8; waiting += 1) flow.say(`And this ${waiting}`);
  const marked = new Set<number>();
  while (marked.size < 8) {
    const { payload } = await flow.telegram.waitForCall(({ method }) => method === 'setMessageReaction');
    marked.add(Number(payload.message_id));
  }
  flow.say('/stop');
  await flow.telegram.waitForMessage(PERSON, (text) =>
    text.includes('the 8 messages that were waiting are dropped'),
  );
  await flow.telegram.waitForMessage(PERSON, (text) => text === 'Half of it\n\n⏹ Stopped.');
  expect([...marked].map((id) => flow.telegram.standIn.reaction(PERSON, id))).toEqual(
    Array(8).fill(undefined),
  );
  flow.say('/stop');
  await flow.telegram.waitForMessage(PERSON, (text) => text === 'Nothing is running.');
  expect(flow.telegram.botTexts(PERSON)).toHaveLength(3);
  expect(flow.model.requests).toHaveLength(1);
  gate.release();
});

it('/stop ends a running tool, too', async () => {
  await flow.start({ AGENT_SHELL: 'on' });
  flow.model.reply({ type: 'tool_use', name: 'Bash', input: { command: 'touch started; sleep 100' } });
  flow.say('Wait a while');
  const request = await flow.model.waitForRequest();
  expect(request.body.tools?.map(({ name }) => name)).toContain('Bash');
  flow.say('/stop');
  await flow.telegram.waitForMessage(PERSON, (text) => text === '⏹ Stopped.');
});
