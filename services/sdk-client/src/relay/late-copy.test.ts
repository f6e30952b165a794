import { type RunEvent, sessionKeyOf, type Turn } from '@omnicloud/protocol';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ACCEPTED, answered, FINISHED, HEARTBEAT, streamed } from './agent/agent-server.fixture.ts';
import { RelayScene } from './relay-scene.fixture.ts';
import { turnOf } from '../turn/turn.fixture.ts';

const GROUP = sessionKeyOf(turnOf());

function message(id: number): Turn {
  return turnOf({ update_id: id, message_id: 100 + id });
}

let scene: RelayScene;
beforeEach(async () => {
  scene = await RelayScene.open();
});
afterEach(async () => {
  await scene.close();
});

it('A copy of an update that is done leaves the view with the next turn', async () => {
  scene.agent.script(answered('One.'), answered('Two.'));
  await scene.handle(message(1));
  await scene.backlog.add(message(1));
  await scene.backlog.add(message(2));
  await scene.handle(message(2));
  expect(await scene.backlog.list(GROUP)).toEqual([]);
});

it('A message that is seen before the one that is answered, and is not done, stays in view, so that its mark goes when it is answered', async () => {
  scene.agent.script(answered('One.'), answered('Two.'));
  // Another message ran when the second came, which was marked. The first was noted when its update came again.
  await scene.backlog.add(message(9));
  await scene.backlog.add(message(2));
  await scene.backlog.remove(GROUP, [9]);
  await scene.backlog.add(message(1));
  await scene.handle(message(1));
  expect((await scene.backlog.list(GROUP)).map(({ turn }) => turn.update_id)).toEqual([2]);
  await scene.handle(message(2));
  expect(scene.botApi.payloads('setMessageReaction')).toContainEqual(
    expect.objectContaining({ message_id: message(2).message_id, reaction: [] }),
  );
  expect(await scene.backlog.list(GROUP)).toEqual([]);
});

it('The message of a copy that comes late is not marked as waiting', async () => {
  const waiting = message(3);
  const marked = scene.botApi.until(() => scene.botApi.payloads('setMessageReaction').length === 1);
  function* whileAnswering(): Generator<RunEvent | Promise<RunEvent>> {
    yield ACCEPTED;
    yield scene.backlog
      .add(message(1))
      .then(() => scene.backlog.add(waiting))
      .then(() => marked)
      .then(() => HEARTBEAT);
    yield { type: 'answer', text: 'Two.' };
    yield FINISHED;
  }
  scene.agent.script(answered('One.'), streamed(whileAnswering()));
  await scene.handle(message(1));
  await scene.backlog.add(message(2));
  await scene.handle(message(2));
  expect(scene.botApi.payloads('setMessageReaction')).toMatchObject([{ message_id: waiting.message_id }]);
}, 10_000);
