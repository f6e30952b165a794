import type { Turn } from '@omnicloud/protocol';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { TEXTS } from '../../reply/texts.ts';
import { answered } from '../agent/agent-server.fixture.ts';
import { RelayScene } from '../relay-scene.fixture.ts';
import { recordOf, turnOf } from '../../turn/turn.fixture.ts';

const DONE = { kind: 'done' };
const texts = TEXTS.en;
const STOP: Partial<Turn> = { update_id: 9, message_id: 49, ask: { kind: 'command', command: 'stop' } };
const message = (id: number): Turn => turnOf({ update_id: id, message_id: 40 + id });

let scene: RelayScene;
beforeEach(async () => {
  scene = await RelayScene.open();
});
afterEach(() => scene.close());

it('What waits is dropped with one word, also when the stop is delivered again, and what comes later is answered', async () => {
  for (const id of [1, 2, 3]) await scene.backlog.add(message(id));
  await scene.ledger.save(1, recordOf());
  for (let delivery = 1; delivery <= 2; delivery += 1)
    expect(await scene.handler().handle(turnOf(STOP), delivery)).toEqual(DONE);
  for (const id of [2, 3]) expect(await scene.handler().handle(message(id), 1)).toEqual(DONE);
  expect(scene.botApi.screen).toEqual([texts.stopped(2)]);
  scene.agent.script(answered('Sunny.'));
  expect(await scene.handler().handle(message(10), 1)).toEqual(DONE);
  expect(scene.botApi.screen).toEqual([texts.stopped(2), 'Sunny.']);
});

it('With nothing running it says so', async () => {
  scene.agent.script(answered('Sunny.'));
  await scene.backlog.add(message(1));
  expect(await scene.handler().handle(message(1), 1)).toEqual(DONE);
  expect(await scene.handler().handle(turnOf(STOP), 1)).toEqual(DONE);
  expect(scene.botApi.screen).toEqual(['Sunny.', texts.nothingRunning]);
});

it('A message that the stop could not see is not dropped without a word', async () => {
  scene.breakBacklog();
  expect(await scene.handler().handle(turnOf(STOP), 1)).toEqual(DONE);
  expect(await scene.handler().handle(message(1), 1)).toEqual(DONE);
  expect(scene.botApi.screen.at(-1)).toBe('⏹ Stopped.');
  expect(scene.agent.calls).toEqual([]);
});
