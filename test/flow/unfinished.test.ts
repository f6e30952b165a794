import { expect, it } from 'vitest';
import type { ModelOutput } from '@omnicloud/demo/internal/model/wire/model-output.ts';
import { PERSON } from '../fakes/telegram-server.ts';
import { useFlow } from './system.fixture.ts';

const flow = useFlow();

const failure = (status: 400 | 403 | 503, errorType: string): ModelOutput => ({
  type: 'error',
  status,
  errorType,
  message: 'no',
});
const DOWN = failure(503, 'ServiceUnavailableException');
const REFUSED = failure(400, 'ValidationException');
const KEYS_EXPIRED = failure(403, 'ExpiredTokenException');
/** So often the CLI makes a call that fails before it gives up (`CLAUDE_CODE_MAX_RETRIES` + 1). */
const CALLS_OF_ONE_TRY = 4;

/** The model writes a file, and its next call fails. */
function writeAndFail(output: ModelOutput, calls: number): void {
  flow.model.reply('I write.', {
    type: 'tool_use',
    name: 'Write',
    input: { file_path: 'notes.md', content: 'hello' },
  });
  for (let call = 0; call < calls; call += 1) flow.model.reply(output);
}

const told = (request: { body: { messages: unknown } } | undefined): string =>
  JSON.stringify(request?.body.messages);

async function answered(text: string, timeout?: number): Promise<void> {
  await expect
    .poll(() => flow.telegram.botTexts(PERSON), { timeout: timeout ?? 110_000 })
    .toContainEqual(text);
}

it('A model that is down after a tool: the next try goes on with the tool’s result, and asks nothing again', async () => {
  await flow.start();
  writeAndFail(DOWN, CALLS_OF_ONE_TRY);
  flow.model.reply('All done.');
  flow.say('Write notes');
  await answered('I write.\n\nAll done.');
  const request = told(flow.model.requests.at(-1));
  expect(request.match(/Write notes/g)).toHaveLength(1);
  expect(request.match(/"type":"tool_result"/g)).toHaveLength(1);
  expect(request).toContain('Continue where you left off');
});

it('Keys that expire after a tool: the user and the owner learn that it is the keys; when they are renewed, the turn goes on', async () => {
  await flow.start({}, { outagePauseMs: () => 100 });
  writeAndFail(KEYS_EXPIRED, 2);
  flow.model.reply('All done.');
  flow.say('Write notes');
  await answered('I write.\n\nAll done.');
  const [notice, answer, ...more] = flow.telegram.botTexts(PERSON);
  expect(notice).toMatch(/^Not yet: the keys of the bot for its model are refused.*model_keys/s);
  expect([answer, more]).toEqual(['I write.\n\nAll done.', []]);
  expect(told(flow.model.requests.at(-1)).match(/"type":"tool_result"/g)).toHaveLength(1);
});

it.each([['refuses the request', REFUSED]])(
  'A model that %s after a tool: what was said stays, and the next message finds the question and the files',
  async (_, output) => {
    await flow.start();
    writeAndFail(output, 2 * CALLS_OF_ONE_TRY);
    flow.say('Write notes');
    await expect
      .poll(() => flow.telegram.botTexts(PERSON).join(), { timeout: 110_000 })
      .toMatch(/^I write\.\n\nI could not answer: /);
    await flow.telegram.standIn.whenIdle();
    flow.model.clear();
    flow.model.reply({ type: 'tool_use', name: 'Read', input: { file_path: 'notes.md' } });
    flow.model.reply('It says hello.');
    flow.say('What does it say?');
    await answered('It says hello.');
    const request = told(flow.model.requests.at(-1));
    for (const known of ['Write notes', 'I write.', 'What does it say?', '1\\thello'])
      expect(request).toContain(known);
  },
);
