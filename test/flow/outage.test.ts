import { expect, it } from 'vitest';
import type { ModelOutput } from '@omnicloud/demo/internal/model/wire/model-output.ts';
import type { Timing } from '@omnicloud/local/internal/compose.ts';
import { PERSON } from '../fakes/telegram-server.ts';
import { useFlow } from './system.fixture.ts';

const flow = useFlow();

const TIMEOUT_MS = 110_000;
const DOWN: ModelOutput = {
  type: 'error',
  status: 503,
  errorType: 'ServiceUnavailableException',
  message: 'no',
};
const THROTTLED: ModelOutput = {
  type: 'error',
  status: 429,
  errorType: 'ThrottlingException',
  message: 'no',
};
/** So often the CLI makes a call that fails before it gives up (`CLAUDE_CODE_MAX_RETRIES` + 1). */
const CALLS_OF_ONE_RUN = 4;
/** More than the three tries that a turn has. */
const RUNS = 5;
const QUICK: Timing = { outagePauseMs: () => 50 };

/** The model is down for so many runs of the CLI. */
function beDown(runs: number, output = DOWN): void {
  for (let call = 0; call < runs * CALLS_OF_ONE_RUN; call += 1) flow.model.reply(output);
}

async function answered(text: string): Promise<void> {
  await expect.poll(() => flow.telegram.botTexts(PERSON), { timeout: TIMEOUT_MS }).toContainEqual(text);
}

it('A model that is down for longer than all tries take, after a tool in the middle of a conversation: told once, then answered, the tool run once', async () => {
  const system = await flow.start({}, QUICK);
  flow.model.reply('Hello.');
  flow.say('Good morning');
  await answered('Hello.');
  const write = { file_path: 'notes.md', content: 'hello' };
  flow.model.reply('I write.', { type: 'tool_use', name: 'Write', input: write });
  beDown(RUNS);
  flow.model.reply('All done.');
  flow.say('Write notes');
  await answered('I write.\n\nAll done.');
  expect(flow.telegram.botTexts(PERSON)).toEqual([
    'Hello.',
    expect.stringMatching(/^Not yet: the model cannot be reached right now\. Your message is kept/),
    'I write.\n\nAll done.',
  ]);
  const request = JSON.stringify(flow.model.requests.at(-1)?.body.messages);
  expect(request.match(/"type":"tool_result"/g)).toHaveLength(1);
  expect(request.match(/Write notes/g)).toHaveLength(1);
  expect(await system.queue.deadLetters()).toEqual([]);
});

it('A turn that waits for the model is stopped at once, and the next message is answered', async () => {
  // It would wait for an hour.
  await flow.start({}, { outagePauseMs: () => 3_600_000 });
  beDown(1, THROTTLED);
  flow.say('Please answer');
  await flow.telegram.waitForMessage(PERSON, (text) => text.startsWith('Not yet: '));
  await expect.poll(() => flow.telegram.standIn.whenIdle()).toBeUndefined();
  flow.say('/stop');
  await flow.telegram.waitForMessage(PERSON, (text) => text.startsWith('Everything you asked before'));
  expect(flow.telegram.botTexts(PERSON)).toContain('⏹ Stopped.');
  flow.model.reply('Here I am.');
  flow.say('And now?');
  await answered('Here I am.');
});
