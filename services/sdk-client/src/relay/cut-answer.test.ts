import type { RunEvent } from '@omnicloud/protocol';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ACCEPTED, FINISHED, SESSION, streamed, text, tool } from './agent/agent-server.fixture.ts';
import { RelayScene } from './relay-scene.fixture.ts';
import { turnOf } from '../turn/turn.fixture.ts';

const { is_stopped: _, ...figures } = FINISHED as Extract<RunEvent, { type: 'finished' }>;
const PAUSED: RunEvent = { ...figures, type: 'paused' };
const UNSAVED: RunEvent = {
  type: 'failed',
  error: { code: 'store_unavailable', message: 'down', retryable: true },
};
const FILE: RunEvent = {
  type: 'file',
  file_id: '0190c8a4-0000-4000-8000-0000000000f1',
  name: 'notes.md',
  size: 5,
};

let scene: RelayScene;
beforeEach(async () => {
  scene = await RelayScene.open();
  await scene.knows(SESSION);
});
afterEach(() => scene.close());

/** @returns a run that says this and ends so. */
const saying = (said: string, end: RunEvent, ...before: RunEvent[]): RunEvent[] => [
  ACCEPTED,
  ...before,
  text(said),
  { type: 'answer', text: said },
  end,
];

async function pausedOnce(first: RunEvent[], second: RunEvent[]): Promise<unknown> {
  scene.agent.script(streamed(first), streamed(second));
  const turn = turnOf();
  expect(await scene.handler().handle(turn, 1)).toMatchObject({ kind: 'later' });
  await scene.handler().handle(turn, 2);
  return scene.botApi.screen;
}

it.each<[string, RunEvent[], RunEvent[], string]>([
  ['in a word', saying('cut he', PAUSED), saying('re', FINISHED), 'cut here'],
  ['between sentences', saying('One.', PAUSED), saying('Two.', FINISHED), 'One.\n\nTwo.'],
  [
    'in a tool',
    [ACCEPTED, text('I look'), tool('started', 'Read a'), { type: 'answer', text: 'I look' }, PAUSED],
    saying('it is there', FINISHED),
    'I look\n\nit is there',
  ],
  [
    'before a tool',
    saying('I look', PAUSED),
    saying('it is there', FINISHED, tool('started', 'Read a'), tool('succeeded', 'Read a')),
    'I look\n\nit is there',
  ],
])('An answer that is interrupted %s is joined as it was', async (_, first, second, shown) => {
  expect(await pausedOnce(first, second)).toEqual([shown]);
});

it('A part of an answer that could not be saved is called one', async () => {
  const partial: RunEvent = { type: 'answer', text: 'Half', is_partial: true };
  scene.agent.script(streamed([ACCEPTED, text('Half'), partial, UNSAVED]));
  await scene.handle();
  expect(scene.botApi.screen).toEqual([
    'Half\n\nThis answer is not complete: its time was up, and the work so far could not be saved. The next message may not know of it; please ask again for the rest.',
  ]);
});

it('The files of an answer that could not be saved are delivered, and those that are lost are told of', async () => {
  scene.agent.script(
    streamed([
      ACCEPTED,
      text('Whole'),
      { type: 'answer', text: 'Whole' },
      FILE,
      { ...UNSAVED, lost_files: 2 },
    ]),
    () => new Response('hello'),
  );
  await scene.handle();
  expect(scene.botApi.screen[0]).toBe(
    'Whole\n\nThis answer could not be saved: the next message may not know of it.\n\n2 files that belong to it could not be stored, and are lost.',
  );
  expect(scene.agent.calls.at(-1)?.path).toContain('/outbox/0190c8a4-0000-4000-8000-0000000000f1');
});
