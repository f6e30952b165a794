import type { RunEvent } from '@omnicloud/protocol';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { BLOCKED, throttled } from '../telegram/bot-api.fixture.ts';
import {
  ACCEPTED,
  answered,
  failing,
  FINISHED,
  refusing,
  SESSION,
  streamed,
  text,
  tool,
} from './agent/agent-server.fixture.ts';
import { RelayScene, WHEN_COMPLETE } from './relay-scene.fixture.ts';
import { summaryLine, type TurnSummary } from './summarise-turn.ts';
import { turnOf } from '../turn/turn.fixture.ts';

const SECRET = 'what nobody else is to read';

let scene: RelayScene;
let summaries: TurnSummary[];
beforeEach(async () => {
  scene = await RelayScene.open();
  summaries = [];
});
afterEach(async () => {
  await scene.close();
});

const handler = (): ReturnType<RelayScene['handler']> =>
  scene.handler(WHEN_COMPLETE, { onSummary: (summary) => summaries.push(summary) });

/** Lets one turn, always the same, be delivered. */
async function deliver(changes: Parameters<typeof turnOf>[0] = {}): Promise<void> {
  await handler().handle(turnOf({ received_at: new Date(Date.now() - 5_000).toISOString(), ...changes }), 1);
}

const RUN = {
  ...FINISHED,
  usage: {
    input_tokens: 10,
    output_tokens: 7,
    cache_read_input_tokens: 200,
    cache_creation_input_tokens: 3_000,
  },
  cost_usd: 0.0123,
  turns: 3,
} as RunEvent;

it('A turn that is answered has one line with what it took, and no word of it', async () => {
  const tools = [tool('started', SECRET), tool('succeeded', SECRET), tool('started', 'another')];
  scene.agent.script(streamed([ACCEPTED, ...tools, text(SECRET), { type: 'answer', text: SECRET }, RUN]));
  await deliver({ ask: { kind: 'message', text: SECRET } });
  await deliver({ ask: { kind: 'message', text: SECRET } });
  expect(summaries).toEqual([
    {
      outcome: 'answered',
      session_id: SESSION,
      duration_ms: expect.toSatisfy((ms: number) => ms >= 5_000) as number,
      steps: 3,
      tools: 2,
      input_tokens: 3_210,
      output_tokens: 7,
      cost_usd: 0.0123,
    },
  ]);
  const [summary] = summaries;
  if (!summary) throw new Error('There is no summary');
  expect(JSON.stringify(summary)).not.toContain(SECRET);
  expect(summaryLine({ ...summary, duration_ms: 8_412 }, 7)).toBe(
    `Update 7: answered after 8.4 s (session ${SESSION}, 3 steps, 2 tools, 3210 tokens in, 7 out, $0.0123)`,
  );
});

it('One that fails says the code', async () => {
  scene.agent.script(failing('model_refused', [text(SECRET)]));
  await deliver();
  expect(summaries).toMatchObject([{ outcome: 'failed', code: 'model_refused', session_id: SESSION }]);
  expect(summaryLine({ outcome: 'failed', code: 'model_refused', duration_ms: 100, tools: 0 }, 7)).toBe(
    'Update 7: failed after 0.1 s (model_refused)',
  );
});

it('One that is refused before a session is known says the code, too', async () => {
  scene.agent.script(refusing('unauthenticated'));
  await deliver();
  expect(summaries).toMatchObject([{ outcome: 'failed', code: 'unauthenticated', tools: 0 }]);
});

it('One that is paused and goes on has a line for each run', async () => {
  const paused = { ...RUN, type: 'paused' } as RunEvent;
  scene.agent.script(
    streamed([ACCEPTED, text('so far'), { type: 'answer', text: 'so far' }, paused]),
    answered('done'),
  );
  await deliver();
  await deliver();
  expect(summaries.map(({ outcome }) => outcome)).toEqual(['paused', 'answered']);
});

it('One whose answer Telegram does not take yet is told when it is there and when it is sent', async () => {
  scene.botApi.script('sendMessage', throttled(60));
  scene.agent.script(answered('done'));
  await deliver();
  await deliver();
  expect(summaries.map(({ outcome }) => outcome)).toEqual(['undelivered', 'delivered']);
});

it('One that is tried again has no line before it is over, and then one', async () => {
  scene.agent.script(failing('model_unavailable', [text(SECRET)]));
  await deliver();
  expect(summaries).toEqual([]);
  await handler().giveUp(turnOf());
  expect(summaries).toMatchObject([{ outcome: 'given_up', tools: 0 }]);
});

it('A turn that is given up and has an answer after all is one that was answered', async () => {
  scene.agent.save(answered('done'));
  await handler().giveUp(turnOf());
  expect(summaries).toMatchObject([{ outcome: 'answered', session_id: SESSION, steps: 1 }]);
});

it.each([
  ['a command', { kind: 'command', command: 'help' }],
  ['a refusal', { kind: 'refusal', reason: 'stranger' }],
] as const)('%s is handled without the agent', async (_, ask) => {
  await deliver({ ask });
  expect(summaries).toMatchObject([{ outcome: 'handled', tools: 0 }]);
});

it('An answer that nobody takes has its line all the same', async () => {
  scene.botApi.script('sendMessage', BLOCKED);
  scene.agent.script(answered('done'));
  await deliver();
  expect(summaries).toHaveLength(1);
});
