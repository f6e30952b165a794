import { expect, it } from 'vitest';
import type { ModelOutput } from '@omnicloud/demo/internal/model/wire/model-output.ts';
import { PERSON } from '../fakes/telegram-server.ts';
import { useFlow } from './system.fixture.ts';

const flow = useFlow();

const failure = (status: 400 | 403 | 404, errorType: string, message = 'no'): ModelOutput => ({
  type: 'error',
  status,
  errorType,
  message,
});
const ON_DEMAND = failure(
  400,
  'ValidationException',
  "Invocation of model ID anthropic.flow-sonnet-v1:0 with on-demand throughput isn't supported. Retry your request with the ID or ARN of an inference profile that contains this model.",
);
const TOO_LONG = failure(400, 'ValidationException', 'Input is too long for requested model.');
const REFUSAL: ModelOutput = { type: 'stop', reason: 'refusal' };
const CUT: ModelOutput = { type: 'stop', reason: 'max_tokens' };
/** More than any of these turns may ask for. */
const MANY = 20;

/** From now on, every call of the model ends so. @returns what the bot says then to a message, as one text, and how many calls that took. */
async function failingWith(
  told: RegExp,
  ...items: (ModelOutput | string)[]
): Promise<{ said: string; calls: number }> {
  await flow.start();
  for (let call = 0; call < MANY; call += 1) flow.model.reply(...items);
  flow.say('Please answer');
  await flow.telegram.waitForMessage(PERSON, (text) => told.test(text));
  await flow.telegram.standIn.whenIdle();
  await expect.poll(() => reported()).not.toEqual([]);
  return { said: flow.telegram.botTexts(PERSON).join('\n'), calls: flow.model.requests.length };
}

const reported = (): unknown[] =>
  flow.errors.flatMap((error) => (error instanceof Error && 'code' in error ? [error.code] : []));

/** The next message goes well, and the model is told of what was asked before exactly as far as is said. */
async function nextMessage(knows: boolean): Promise<string> {
  flow.model.clear();
  flow.model.reply('All is well.');
  flow.say('And now?');
  await flow.telegram.waitForMessage(PERSON, (text) => text === 'All is well.');
  const told = JSON.stringify(flow.model.requests.at(-1)?.body.messages);
  expect(told.includes('Please answer')).toBe(knows);
  return told;
}

it.each([[[REFUSAL]], [['I begin, but', REFUSAL]]])(
  'A refusal is final after one call, and is not carried into the next message',
  async (items) => {
    const { said, calls } = await failingWith(/could not answer/, ...items);
    expect([said, calls]).toEqual([
      'I could not answer: the model declined to answer this message. Put it in other words; if it declines whatever you write, send /new for a new conversation.',
      1,
    ]);
    expect(reported()).toContain('model_declined');
    await nextMessage(false);
  },
);

it('An answer without an end stops at its fourth limit; what was said is kept, here and for the next message', async () => {
  const { said, calls } = await failingWith(/reached the limit/, 'on and ', CUT);
  expect(said).toMatch(/^on and on and on and on and\s+This answer reached the limit/);
  expect(calls).toBe(4);
  const tokens = flow.model.requests.reduce((sum, { body }) => sum + body.max_tokens, 0);
  expect(tokens).toBeLessThanOrEqual(128_000);
  expect(reported()).toContain('output_limit');
  expect(await nextMessage(true)).toContain('on and ');
});

it('Thinking without an end is told, after four calls', async () => {
  const { said, calls } = await failingWith(/could not answer/, { type: 'thinking', thinking: 'Hm.' }, CUT);
  expect(said).toMatch(/^I could not answer: the model used up all it may write at once/);
  expect(calls).toBe(4);
});

it.each([
  ['may not be used', failure(403, 'AccessDeniedException', 'You do not have access'), 1],
  ['does not exist', failure(404, 'ResourceNotFoundException'), 1],
  ['needs an inference profile', ON_DEMAND, 6],
])('A model that %s: the owner learns which one, and what to do', async (_, output, mostCalls) => {
  const { said, calls } = await failingWith(/could not answer/, output);
  expect(said).toMatch(/^I could not answer: the bot may not use its model\./);
  expect(said).toContain('anthropic.flow-sonnet-v1:0');
  expect(said).toContain('us.anthropic.flow-sonnet-v1:0');
  expect(calls).toBeLessThanOrEqual(mostCalls);
  expect(reported()).toContain('model_no_access');
});

it('A quota that is used up is said as what it is, and not tried again', async () => {
  const { said, calls } = await failingWith(
    /could not answer/,
    failure(400, 'ServiceQuotaExceededException'),
  );
  expect(said).toMatch(/^I could not answer: the quota of the bot at its model provider is used up/);
  expect(said).toContain('model_quota');
  expect(calls).toBe(1);
});

it('A window that is full and cannot be compacted is said, with the way out', async () => {
  const { said, calls } = await failingWith(/could not answer/, TOO_LONG);
  expect(said).toMatch(
    /^I could not answer: the conversation has become too long for the model\. Send \/new/,
  );
  expect(calls).toBeLessThanOrEqual(3);
  expect(reported()).toContain('context_full');
});
