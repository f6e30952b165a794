import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Answer, BROKEN, LOST, throttled } from '../reply/bot-api.fixture.ts';
import { answered, failing } from './agent-server.fixture.ts';
import { later, RelayScene } from './relay-scene.fixture.ts';
import { recordOf } from './turn.fixture.ts';
import { TurnProgress } from './turn-progress.ts';

const DONE = { kind: 'done' };
const AS_USUAL: Answer = (usual) => usual();
const UPDATE = { update_id: 5 };

let scene: RelayScene;
beforeEach(async () => {
  scene = await RelayScene.open();
});
afterEach(async () => {
  await scene.close();
});

it('A turn whose answer was delivered is not done again', async () => {
  scene.agent.script(answered('Sunny.'), answered('Rainy.'));
  await scene.handle(UPDATE);
  expect(await scene.handle(UPDATE)).toEqual(DONE);
  expect(scene.agent.calls).toHaveLength(1);
  expect(scene.botApi.screen).toEqual(['Sunny.']);
});

it('A delivery that was cut off goes on with the parts that are missing', async () => {
  scene.agent.script(answered(`${'a'.repeat(4000)}\n\n${'b'.repeat(4000)}`));
  scene.botApi.script('sendMessage', AS_USUAL, throttled(90));
  expect(await scene.handle(UPDATE)).toEqual(later(90_000));
  expect(await scene.handle(UPDATE)).toEqual(DONE);
  expect(scene.botApi.screen.map((text) => text[0])).toEqual(['a', 'b']);
  expect(scene.botApi.payloads('editMessageText')).toEqual([]);
  expect(scene.agent.calls).toHaveLength(1);
});

it('A message that a killed worker left half written is finished, not repeated', async () => {
  const { message_id: messageId } = await scene.botApi.api.sendMessage(1, 'Half of');
  await scene.ledger.save(UPDATE.update_id, recordOf({ posted: [{ messageId, shown: '' }] }));
  scene.agent.script(answered('All of it.'));
  await scene.handle(UPDATE);
  expect(scene.botApi.screen).toEqual(['All of it.']);
});

it('An answer that is known is delivered even when the turn is given up', async () => {
  scene.agent.script(answered('Sunny.'));
  scene.botApi.script('sendMessage', throttled(90));
  await scene.handle(UPDATE);
  await scene.giveUp(UPDATE);
  expect(scene.botApi.screen).toEqual(['Sunny.']);
});

it('A part whose sending was never confirmed is sent again: twice is better than never', async () => {
  scene.agent.script(answered('Sunny.'));
  scene.botApi.script('sendMessage', LOST, throttled(90));
  await scene.handle(UPDATE);
  await scene.handle(UPDATE);
  expect(scene.botApi.screen).toEqual(['Sunny.', 'Sunny.']);
  expect(scene.agent.calls).toHaveLength(1);
}, 10_000);

it('A worker that another one overtook while it was frozen writes nothing more into the chat', async () => {
  const frozenMeanwhile = async (): Promise<Response> => {
    expect(await scene.handle(UPDATE)).toEqual(DONE);
    return answered('Sunny.')();
  };
  scene.agent.script(frozenMeanwhile, answered('Sunny.'));
  await expect(scene.handle(UPDATE)).rejects.toMatchObject({ code: 'turn_taken_over' });
  expect(scene.botApi.screen).toEqual(['Sunny.']);
});

it('Nor does it take back what the other one has finished', async () => {
  const { message_id: messageId } = await scene.botApi.api.sendMessage(1, 'Half of');
  await scene.ledger.save(UPDATE.update_id, recordOf({ posted: [{ messageId, shown: '' }] }));
  const frozenMeanwhile = async (): Promise<Response> => {
    expect(await scene.handle(UPDATE)).toEqual(DONE);
    return failing('agent_crashed')();
  };
  scene.agent.script(frozenMeanwhile, answered('All of it.'));
  await expect(scene.handle(UPDATE)).rejects.toMatchObject({ code: 'turn_taken_over' });
  expect(scene.botApi.screen).toEqual(['All of it.']);
});

it('Nor does it try again to delete what the other one may need', async () => {
  const { message_id: first } = await scene.botApi.api.sendMessage(1, 'Half');
  const { message_id: second } = await scene.botApi.api.sendMessage(1, 'of it');
  const posted = [first, second].map((messageId) => ({ messageId, shown: '' }));
  await scene.ledger.save(UPDATE.update_id, recordOf({ posted }));
  const overtakenMeanwhile = async (): Promise<Response> => {
    await TurnProgress.resume(scene.ledger, UPDATE.update_id);
    return BROKEN(() => Promise.reject(new Error('It was not carried out')));
  };
  scene.botApi.script('deleteMessage', overtakenMeanwhile);
  scene.agent.script(answered('All of it.'));
  await expect(scene.handle(UPDATE)).rejects.toMatchObject({ code: 'turn_taken_over' });
  expect(scene.botApi.payloads('deleteMessage')).toHaveLength(1);
}, 10_000);
