import { expect, it } from 'vitest';
import { createGate } from '../fakes/scripted-model.ts';
import { PERSON } from '../fakes/telegram-server.ts';
import { useFlow } from './system.fixture.ts';

const flow = useFlow();

it('A turn that reaches its time limit goes on, ahead of later messages, and the user sees one answer', async () => {
  await flow.start({ TURN_LIMIT_SECONDS: '2' });
  const gate = createGate();
  flow.model.reply('First half.', gate, ' never said');
  flow.model.reply('Second half.');
  flow.model.reply('Me too.');
  flow.say('Work for long');
  await gate.reached;
  flow.say('And this');
  await flow.telegram.waitForMessage(PERSON, (text) => text === 'First half.\n\nSecond half.');
  await flow.telegram.waitForMessage(PERSON, (text) => text === 'Me too.');
  gate.release();
  const continued = JSON.stringify(flow.model.requests[1]?.body.messages);
  expect(continued).toContain('First half.');
  expect(continued).toContain('Continue exactly where you left off');
  expect(continued).not.toContain('And this');
});

it('A turn that never ends is ended, with what there is and a clear word', async () => {
  await flow.start({ TURN_LIMIT_SECONDS: '2', MAX_CONTINUATIONS: '1' });
  const gate = createGate();
  flow.model.reply('Part one.', gate);
  flow.model.reply('Part two.', gate);
  flow.say('Work for ever');
  await flow.telegram.waitForMessage(PERSON, (text) => text.includes('longer than one turn may'));
  gate.release();
  flow.model.clear();
  flow.say('Still there?');
  await flow.telegram.waitForMessage(PERSON, (text) => text === 'ok');
});
