import { expect, it } from 'vitest';
import { PERSON } from '../fakes/telegram-server.ts';
import { useFlow } from './system.fixture.ts';

const flow = useFlow();

const NOTHING_SAID = 'Done. (There was nothing to say.)';

async function say(text: string, answer: string): Promise<string> {
  flow.say(text);
  await flow.telegram.waitForMessage(PERSON, (shown) => shown === answer);
  return JSON.stringify(flow.model.requests.at(-1)?.body.messages);
}

it('An answer without words, of thinking alone, or that paused is a whole turn: nothing of it is cut', async () => {
  await flow.start();
  // Of an answer that shows nothing, the CLI asks for another one, once.
  flow.model.reply();
  flow.model.reply();
  await say('Say nothing at all', NOTHING_SAID);
  flow.model.reply({ type: 'thinking', thinking: 'Hm.' });
  flow.model.reply({ type: 'thinking', thinking: 'Hm.' });
  await say('Only think of it', NOTHING_SAID);
  flow.model.reply('I wait.', { type: 'stop', reason: 'pause_turn' });
  await say('Wait for it', 'I wait.');
  flow.model.reply('All of it.');
  const request = await say('What do you know?', 'All of it.');
  for (const said of ['Say nothing at all', 'Only think of it', 'Wait for it', 'I wait.'])
    expect(request).toContain(said);
  expect(flow.errors).toEqual([]);
});

it('An answer that reached its token limit in the middle of a word goes on there', async () => {
  await flow.start();
  flow.model.reply('cut he', { type: 'stop', reason: 'max_tokens' });
  flow.model.reply('re');
  await say('Write on', 'cut here');
});

it('An answer whose stream broke after a part that the CLI keeps has both parts, once', async () => {
  await flow.start();
  flow.model.reply('First half, ', { type: 'thinking', thinking: 'Hm.' }, { type: 'end' });
  flow.model.reply('second half.');
  const request = await say('Tell me', 'First half, second half.');
  expect(request).toContain('First half, ');
});
