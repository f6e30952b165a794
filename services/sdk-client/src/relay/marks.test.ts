import { groupOf, type Turn } from '@omnicloud/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BROKEN, refused, throttled } from '../telegram/bot-api.fixture.ts';
import { answered } from './agent/agent-server.fixture.ts';
import { RelayScene } from './relay-scene.fixture.ts';
import { turnOf } from '../turn/turn.fixture.ts';

const DONE = { kind: 'done' };
const FIRST = turnOf({ update_id: 1, message_id: 101 });
const OFF = { message_id: 102, reaction: [] };

let scene: RelayScene;
beforeEach(async () => {
  scene = await RelayScene.open();
});
afterEach(() => scene.close());

/** @returns a turn that came while another one was answered, which may have marked it. */
async function waited(ask: Turn['ask']): Promise<Turn> {
  const turn = turnOf({ update_id: 2, message_id: 102, ask });
  await scene.backlog.add(FIRST);
  await scene.backlog.add(turn);
  await scene.backlog.remove(groupOf(turn), [FIRST.update_id]);
  return turn;
}

describe('The mark of a message that waited is taken off', () => {
  it('when the message is stopped before it was begun', async () => {
    const turn = await waited({ kind: 'message', text: 'two' });
    await scene.stops.request(groupOf(turn), 3);
    expect(await scene.handle(turn)).toEqual(DONE);
    expect(scene.botApi.screen).toEqual(['⏹ Stopped.']);
    expect(scene.botApi.payloads('setMessageReaction')).toMatchObject([OFF]);
  });

  it('when it begins a new conversation', async () => {
    const turn = await waited({ kind: 'command', command: 'new' });
    expect(await scene.handle(turn)).toEqual(DONE);
    expect(scene.botApi.payloads('setMessageReaction')).toMatchObject([OFF]);
  });

  it('by another try when Telegram does not take the first', async () => {
    const turn = await waited({ kind: 'message', text: 'two' });
    scene.botApi.script('setMessageReaction', BROKEN, throttled(1));
    scene.agent.script(answered('Two.'));
    expect(await scene.handle(turn)).toEqual(DONE);
    expect(scene.botApi.payloads('setMessageReaction')).toMatchObject([OFF, OFF, OFF]);
  });

  it('but not again and again when Telegram refuses it', async () => {
    const turn = await waited({ kind: 'message', text: 'two' });
    scene.botApi.script('setMessageReaction', refused(400, 'Bad Request: message to react not found'));
    scene.agent.script(answered('Two.'));
    expect(await scene.handle(turn)).toEqual(DONE);
    expect(scene.botApi.payloads('setMessageReaction')).toHaveLength(1);
    expect(scene.botApi.screen).toEqual(['Two.']);
  });
});

it('A new conversation begins when the view of what waits fails', async () => {
  scene.breakBacklog();
  expect(await scene.handle(turnOf({ ask: { kind: 'command', command: 'new' } }))).toEqual(DONE);
  expect(scene.botApi.screen).toHaveLength(1);
});
