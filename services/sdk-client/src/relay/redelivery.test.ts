import { sessionKeyOf } from '@omnicloud/protocol';
import type { SessionTable } from '@omnicloud/storage';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Answer, BROKEN, LOST, throttled } from '../telegram/bot-api.fixture.ts';
import { answered, failing, refusing, SESSION } from './agent/agent-server.fixture.ts';
import { later, RelayScene, WHEN_COMPLETE } from './relay-scene.fixture.ts';
import { recordOf, turnOf } from '../turn/turn.fixture.ts';
import type { TurnLedger } from '../turn/turn-ledger.ts';
import { TurnProgress } from '../turn/turn-progress.ts';

const DONE = { kind: 'done' };
const AS_USUAL: Answer = (usual) => usual();
const UPDATE = { update_id: 5 };
const LATER_SESSION = '0190c8a4-0000-4000-8000-000000000002';
const KEY = sessionKeyOf(turnOf());

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

it('What it was sending meanwhile it takes back: the other one could not know of it, and has said it again', async () => {
  const frozenMeanwhile: Answer = async (usual) => {
    const sent = await usual();
    expect(await scene.handle(UPDATE)).toEqual(DONE);
    expect(scene.botApi.screen).toEqual(['Sunny.', 'Sunny.']);
    return sent;
  };
  scene.agent.script(answered('Sunny.'));
  scene.botApi.script('sendMessage', frozenMeanwhile);
  await expect(scene.handle(UPDATE)).rejects.toMatchObject({ code: 'turn_taken_over' });
  expect(scene.botApi.screen).toEqual(['Sunny.']);
  expect(scene.agent.calls).toHaveLength(1);
});

it('It leaves what it had written down before the other one went on with it', async () => {
  let isFrozen = false;
  const { ledger } = scene;
  const frozenAfterWriting: TurnLedger = {
    find: (updateId) => ledger.find(updateId),
    save: async (updateId, record) => {
      const isSaved = await ledger.save(updateId, record);
      if (record.posted.length === 0 || isFrozen) return isSaved;
      isFrozen = true;
      expect(await scene.handle(UPDATE)).toEqual(DONE);
      throw new Error('The answer was lost');
    },
  };
  scene.agent.script(answered('Sunny.'));
  const handling = scene.handler(WHEN_COMPLETE, { ledger: frozenAfterWriting }).handle(turnOf(UPDATE), 1);
  await expect(handling).rejects.toMatchObject({ code: 'turn_taken_over' });
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

/** A later delivery gives the conversation another session. */
async function beginAnew(): Promise<void> {
  await scene.table.forget(KEY, SESSION);
  await scene.knows(LATER_SESSION);
}

it('A worker that was frozen before /new left the old conversation does not leave the new one', async () => {
  await scene.knows(SESSION);
  const turn = turnOf({ ask: { kind: 'command', command: 'new', text: 'Plan a trip' } });
  const frozen: SessionTable = {
    find: (key) => scene.table.find(key),
    save: (...saved) => scene.table.save(...saved),
    refresh: (...refreshed) => scene.table.refresh(...refreshed),
    inherit: (...inherited) => scene.table.inherit(...inherited),
    forget: async (key, sessionId) => {
      scene.agent.script(answered('To Rome.'));
      await scene.handler().handle(turn, 2);
      await scene.knows(LATER_SESSION);
      await scene.table.forget(key, sessionId);
    },
  };
  const late = scene.handler(WHEN_COMPLETE, { table: frozen }).handle(turn, 1);
  scene.agent.script(answered('To Rome.'));
  await expect(late).rejects.toMatchObject({ code: 'turn_taken_over' });
  expect(await scene.session()).toBe(LATER_SESSION);
});

it('Nor does one that learns late that a session is gone take away the one that came after it', async () => {
  await scene.knows(SESSION);
  const unknownMeanwhile = async (): Promise<Response> => {
    await beginAnew();
    return refusing('session_unknown')();
  };
  scene.agent.script(unknownMeanwhile, answered('Sunny.'));
  await scene.handle(UPDATE);
  expect(await scene.session()).toBe(LATER_SESSION);
});
