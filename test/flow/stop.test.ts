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
  await flow.telegram.waitForMessage(PERSON, (text) => text === '⏹ Stopped.');
  await flow.telegram.waitForMessage(
    PERSON,
    (text) => text === 'Everything you asked before this is stopped.',
  );
  gate.release();

  flow.model.reply('Going on.');
  flow.say('Go on');
  await flow.telegram.waitForMessage(PERSON, (text) => text === 'Going on.');
  expect(flow.model.requests).toHaveLength(2);
  const messages = JSON.stringify(flow.model.requests[1]?.body.messages);
  expect(messages).toContain('Half of it');
  expect(messages).not.toContain('And this one waits');
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
