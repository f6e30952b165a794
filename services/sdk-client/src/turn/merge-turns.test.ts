import { MAX_USER_MESSAGE_LENGTH, type RunEvent, sessionKeyOf, type Turn } from '@omnicloud/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LOST } from '../telegram/bot-api.fixture.ts';
import {
  ACCEPTED,
  answered,
  failing,
  FINISHED,
  HEARTBEAT,
  streamed,
} from '../relay/agent/agent-server.fixture.ts';
import { followersOf } from './merge-turns.ts';
import { RelayScene } from '../relay/relay-scene.fixture.ts';
import { recordOf, turnOf } from './turn.fixture.ts';

const DONE = { kind: 'done' };
const GROUP = sessionKeyOf(turnOf());

/** Messages 1, 2, 3 …: each its update id, with a message id of its own. */
function message(id: number, text: string, changes: Partial<Turn> = {}): Turn {
  return turnOf({ update_id: id, message_id: 100 + id, ask: { kind: 'message', text }, ...changes });
}

const ONE = message(1, 'one');
const TWO = message(2, 'two');
const THREE = message(3, 'three');

describe('what belongs to a turn', () => {
  const entries = (...turns: Turn[]) => turns.map((turn, behind) => ({ turn, behind }));

  it('is every message right behind it', () => {
    expect(followersOf(ONE, entries(ONE, TWO, THREE))).toEqual([TWO, THREE]);
    expect(followersOf(TWO, entries(ONE, TWO, THREE))).toEqual([THREE]);
  });

  it('ends at a command and at another person', () => {
    const fresh = turnOf({ update_id: 2, ask: { kind: 'command', command: 'new', text: 'other' } });
    expect(followersOf(ONE, entries(ONE, fresh, THREE))).toEqual([]);
    const other = message(2, 'two', { sender: { id: '9', name: 'Bob' } });
    expect(followersOf(ONE, entries(ONE, other, THREE))).toEqual([]);
  });

  it('is never longer than one message may be', () => {
    const long = message(2, 'x'.repeat(MAX_USER_MESSAGE_LENGTH - 4));
    expect(followersOf(ONE, entries(ONE, long))).toEqual([]);
    expect(followersOf(ONE, entries(ONE, message(2, 'x'.repeat(MAX_USER_MESSAGE_LENGTH - 5)))).length).toBe(
      1,
    );
  });

  it('is all of hundreds of messages, as far as their texts fit into a record of the ledger', () => {
    const many = Array.from({ length: 300 }, (_, index) => message(index + 1, `message ${index + 1}`));
    expect(followersOf(message(1, 'message 1'), entries(...many))).toHaveLength(299);
    const wide = Array.from({ length: 10 }, (_, index) => message(index + 1, '漢'.repeat(10_000)));
    expect(followersOf(wide[0] ?? ONE, entries(...wide))).toHaveLength(5);
  });

  it('is nothing when the view does not know the turn itself', () => {
    expect(followersOf(ONE, entries(TWO, THREE))).toEqual([]);
  });
});

describe('messages that waited behind one another', () => {
  let scene: RelayScene;
  beforeEach(async () => {
    scene = await RelayScene.open();
    for (const turn of [ONE, TWO, THREE]) await scene.backlog.add(turn);
  });
  afterEach(async () => {
    await scene.close();
  });
  const asked = (): unknown[] =>
    scene.agent.calls.map(({ body }) => (body as { user_message: string }).user_message);

  it('are one question with one answer, which replies to the last of them', async () => {
    scene.agent.script(answered('All three.'));
    for (const turn of [ONE, TWO, THREE]) expect(await scene.handle(turn)).toEqual(DONE);
    expect(asked()).toEqual(['one\n\ntwo\n\nthree']);
    expect(scene.botApi.screen).toEqual(['All three.']);
    expect(scene.botApi.payloads('sendMessage')).toMatchObject([{ reply_parameters: { message_id: 103 } }]);
    expect(await scene.backlog.list(GROUP)).toEqual([]);
  });

  it('are one question also when there are three hundred of them', async () => {
    const many = Array.from({ length: 300 }, (_, index) => message(index + 1, `message ${index + 1}`));
    for (const turn of many) await scene.backlog.add(turn);
    scene.agent.script(answered('All of them.'));
    for (const turn of many) expect(await scene.handle(turn)).toEqual(DONE);
    expect(asked()).toHaveLength(1);
    expect(String(asked()[0]).split('\n\n')).toHaveLength(300);
    expect(scene.botApi.screen).toEqual(['All of them.']);
    expect(scene.botApi.payloads('setMessageReaction').length).toBeLessThanOrEqual(30);
    expect(await scene.backlog.list(GROUP)).toEqual([]);
  }, 60_000);

  it('stay the same question when the turn is tried again, whatever was sent meanwhile', async () => {
    scene.agent.script(failing('agent_crashed'), answered('All three.'), answered('Four.'));
    expect(await scene.handle(ONE)).toEqual({ kind: 'retry' });
    await scene.backlog.add(message(4, 'four'));
    for (const turn of [ONE, TWO, THREE, message(4, 'four')]) expect(await scene.handle(turn)).toEqual(DONE);
    expect(asked()).toEqual(['one\n\ntwo\n\nthree', 'one\n\ntwo\n\nthree', 'four']);
    expect(scene.botApi.screen).toEqual(['All three.', 'Four.']);
  });

  it('are each answered when the worker died between marking them and writing that down', async () => {
    const mark = { state: 'merged', delivery: 'merged-into-1', mergedInto: 1 } as const;
    await scene.ledger.save(1, recordOf());
    await scene.ledger.save(2, recordOf(mark));
    scene.agent.script(answered('One.'), answered('Two.'), answered('Three.'));
    for (const turn of [ONE, TWO, THREE]) expect(await scene.handle(turn)).toEqual(DONE);
    expect(asked()).toEqual(['one', 'two', 'three']);
  });

  it('are not asked again when the answer was delivered and the first is delivered again', async () => {
    scene.agent.script(answered('All three.'));
    scene.botApi.script('sendMessage', LOST);
    for (const turn of [ONE, TWO, THREE, ONE, THREE]) expect(await scene.handle(turn)).toEqual(DONE);
    expect(asked()).toHaveLength(1);
    expect(scene.measures.filter(([measure]) => measure === 'UndecidableSends')).toHaveLength(1);
  }, 10_000);

  it('are told once that they were given up, and are all tried again afterwards', async () => {
    scene.agent.script(failing('agent_crashed'), answered('All three.'));
    await scene.handle(ONE);
    await scene.handler().giveUp(ONE);
    for (const turn of [TWO, THREE]) expect(await scene.handle(turn)).toEqual(DONE);
    expect(scene.botApi.screen).toHaveLength(1);
    expect(await scene.handle(ONE)).toEqual(DONE);
    expect(scene.botApi.screen).toEqual(['All three.']);
  });

  it('are told together, below the last of them, that there is no answer', async () => {
    scene.agent.script(failing('model_unavailable'));
    await scene.handle(ONE);
    await scene.giveUp(ONE);
    expect(scene.botApi.payloads('sendMessage')).toMatchObject([
      { reply_parameters: { message_id: THREE.message_id } },
    ]);
  });

  it('are not merged into a turn that the user stopped', async () => {
    await scene.stops.request(GROUP, 2);
    scene.agent.script(answered('The other two.'));
    for (const turn of [ONE, TWO, THREE]) expect(await scene.handle(turn)).toEqual(DONE);
    expect(asked()).toEqual(['two\n\nthree']);
    expect(scene.botApi.screen).toEqual(['⏹ Stopped.', 'The other two.']);
  });

  it('do not include one that was answered before and is in view once more', async () => {
    await scene.ledger.save(2, recordOf({ state: 'delivered' }));
    scene.agent.script(answered('One and three.'));
    for (const turn of [ONE, TWO, THREE]) expect(await scene.handle(turn)).toEqual(DONE);
    expect(asked()).toEqual(['one\n\nthree']);
    expect(await scene.backlog.list(GROUP)).toEqual([]);
  });

  it('are answered one by one when the view of what waits fails', async () => {
    scene.breakBacklog();
    scene.agent.script(answered('One.'), answered('Two.'));
    expect(await scene.handle(ONE)).toEqual(DONE);
    expect(await scene.handle(TWO)).toEqual(DONE);
    expect(scene.botApi.screen).toEqual(['One.', 'Two.']);
    expect(scene.errors).toContainEqual(expect.objectContaining({ code: 'backlog_unavailable' }));
  });

  it('carry a mark while another is answered, and lose it when they are taken up', async () => {
    const late = message(4, 'four');
    const marked = scene.botApi.until(() => scene.botApi.payloads('setMessageReaction').length === 1);
    await scene.backlog.remove(GROUP, [2, 3]);
    function* whileAnswering(): Generator<RunEvent | Promise<RunEvent>> {
      yield ACCEPTED;
      // Only now: what waited before would be answered with it.
      yield scene.backlog
        .add(late)
        .then(() => marked)
        .then(() => HEARTBEAT);
      yield { type: 'answer', text: 'One.' };
      yield FINISHED;
    }
    scene.agent.script(streamed(whileAnswering()), answered('Four.'));
    await scene.handle(ONE);
    await scene.handle(late);
    expect(scene.botApi.payloads('setMessageReaction')).toMatchObject([
      { message_id: 104, reaction: [{ type: 'emoji', emoji: '👀' }] },
      { message_id: 104, reaction: [] },
    ]);
  }, 10_000);
});
