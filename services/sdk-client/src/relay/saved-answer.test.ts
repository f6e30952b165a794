import { groupOf, keptGroupOf, type RunEvent, type Turn } from '@omnicloud/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BLOCKED, throttled } from '../telegram/bot-api.fixture.ts';
import {
  ACCEPTED,
  type AgentAnswer,
  answered,
  DOWN,
  failing,
  FINISHED,
  refusing,
  SESSION,
  streamed,
} from './agent/agent-server.fixture.ts';
import { later, RelayScene } from './relay-scene.fixture.ts';
import { recordOf, turnOf } from '../turn/turn.fixture.ts';

const DONE = { kind: 'done' };
const RETRY = { kind: 'retry' };
const TURN = { update_id: 5, message_id: 105 };
const GAVE_UP = /^I could not answer this message after several tries/;

let scene: RelayScene;
beforeEach(async () => {
  scene = await RelayScene.open();
  await scene.knows(SESSION);
});
afterEach(() => scene.close());

/** @returns a run whose time was up after it said this. */
function paused(said: string): AgentAnswer {
  return streamed([ACCEPTED, { type: 'answer', text: said }, { ...FINISHED, type: 'paused' } as RunEvent]);
}

/** @returns what counts of the turns: how many were answered, and how many given up. */
function counted(): [number, number] {
  const sum = (name: string): number =>
    scene.measures.filter(([measure]) => measure === name).reduce((all, [, value]) => all + value, 0);
  return [sum('TurnsAnswered'), sum('TurnsGivenUp')];
}

describe('An answer that was saved in the last try, and that no worker heard the end of', () => {
  it('is delivered instead of a word that there is none, once', async () => {
    scene.agent.script(failing('agent_crashed'));
    scene.agent.save(answered('Sunny.'));
    expect(await scene.handle(TURN)).toEqual(RETRY);
    expect(await scene.giveUp(TURN)).toEqual(DONE);
    expect(await scene.giveUp(TURN)).toEqual(DONE);
    expect(scene.botApi.screen).toEqual(['Sunny.']);
    expect((await scene.ledger.find(5))?.state).toBe('delivered');
    expect(counted()).toEqual([1, 0]);
    expect(scene.agent.calls).toHaveLength(2);
  });

  it('comes with the word on what was lost before it, and with its files', async () => {
    const file = { file_id: '0190c8a4-0000-4000-8000-000000000009', name: 'a.md', size: 5 };
    const accepted: RunEvent = { type: 'accepted', session_id: SESSION, is_new: false, repaired: 2 };
    const workspace = { files: 1, bytes: 5, skipped: 0, is_over_limit: false, lost: 3 };
    scene.agent.save(
      streamed([
        accepted,
        { type: 'answer', text: 'Sunny.' },
        { type: 'file', ...file },
        { ...FINISHED, workspace } as RunEvent,
      ]),
    );
    scene.agent.script(() => new Response('hello'));
    expect(await scene.giveUp(TURN)).toEqual(DONE);
    expect(scene.botApi.screen[0]).toMatch(
      /^The stored conversation was damaged: 2 messages.*\n\n.*3 .*\n\nSunny\.$/s,
    );
    expect(scene.botApi.documents.map(({ name }) => name)).toEqual(['a.md']);
  });

  it('is written down first: what Telegram does not take now is delivered later, and not asked for again', async () => {
    scene.agent.save(answered('Sunny.'));
    scene.botApi.script('sendMessage', throttled(90));
    expect(await scene.giveUp(TURN)).toEqual(later(90_000));
    expect(await scene.giveUp(TURN)).toEqual(DONE);
    expect(scene.botApi.screen).toEqual(['Sunny.']);
    expect(scene.agent.calls).toHaveLength(1);
    expect(counted()).toEqual([1, 0]);
  });

  it('waits for the end of an outage like any answer', async () => {
    const file = { file_id: '0190c8a4-0000-4000-8000-000000000009', name: 'a.md', size: 5 };
    const events: RunEvent[] = [
      ACCEPTED,
      { type: 'answer', text: 'Sunny.' },
      { type: 'file', ...file },
      FINISHED,
    ];
    scene.agent.save(streamed(events));
    scene.agent.script(DOWN, () => new Response('hello'));
    expect(await scene.giveUp(TURN)).toEqual(later(2_000));
    expect(await scene.ledger.find(5)).toMatchObject({
      outage: { code: 'agent_unavailable', isWaiting: true },
    });
    expect(await scene.giveUp(TURN)).toEqual(DONE);
    expect(scene.botApi.screen[0]).toBe('Sunny.');
    expect(scene.botApi.documents).toHaveLength(1);
    expect(scene.botApi.payloads('sendMessage')).toHaveLength(1);
  });

  it('is kept when its chat refuses it', async () => {
    scene.agent.save(answered('Sunny.'));
    scene.botApi.script('sendMessage', BLOCKED, BLOCKED, BLOCKED);
    expect(await scene.giveUp(TURN)).toEqual(DONE);
    expect(scene.botApi.screen).toEqual([]);
    expect(await scene.queue.waiting(keptGroupOf(turnOf(TURN)))).toBe(1);
    expect(counted()).toEqual([1, 0]);
  });

  it('takes the marks off all messages that it answers', async () => {
    const [first, one, two] = [4, 5, 6].map((id) =>
      turnOf({ update_id: id, message_id: 100 + id, ask: { kind: 'message', text: `${id}` } }),
    ) as [Turn, Turn, Turn];
    for (const turn of [first, one, two]) await scene.backlog.add(turn);
    await scene.backlog.remove(groupOf(first), [4]);
    const merged = [{ updateId: 6, messageId: 106, text: '6' }];
    await scene.ledger.save(5, recordOf({ merged }));
    scene.agent.save(answered('Both.'));
    expect(await scene.giveUp(one)).toEqual(DONE);
    expect(scene.botApi.payloads('setMessageReaction')).toMatchObject([
      { message_id: 105, reaction: [] },
      { message_id: 106, reaction: [] },
    ]);
    expect(scene.botApi.payloads('sendMessage')).toMatchObject([{ reply_parameters: { message_id: 106 } }]);
    expect(await scene.backlog.list(groupOf(one))).toEqual([]);
  });
});

describe('It is asked for in the very words of the last try, under the same key', () => {
  /** Compares the two last requests. */
  function expectSameRequest(): void {
    const [asked, lookedFor] = scene.agent.calls.slice(-2);
    const {
      time_limit_ms: limit,
      replay_only: isReplayOnly,
      ...same
    } = lookedFor?.body as Record<string, unknown>;
    expect(isReplayOnly).toBe(true);
    expect(limit).toBeGreaterThan(0);
    expect(same).toEqual(asked?.body);
    expect(lookedFor?.path).toBe(asked?.path);
    for (const header of ['idempotency-key', 'x-session-key'])
      expect(lookedFor?.headers.get(header)).toBe(asked?.headers.get(header));
  }

  it('with the files and the messages that are answered together', async () => {
    scene.botApi.sent.set('id-a', new TextEncoder().encode('a'));
    const files = [
      { file_id: 'id-a', name: 'a.pdf' },
      { file_id: 'id-b', name: 'b.pdf', size: 30_000_000 },
    ];
    const first = turnOf({ ...TURN, ask: { kind: 'message', text: 'Look', files } });
    const second = turnOf({ update_id: 6, message_id: 106, ask: { kind: 'message', text: 'And now?' } });
    for (const turn of [first, second]) await scene.backlog.add(turn);
    scene.agent.script(failing('agent_crashed'));
    expect(await scene.handle(first)).toEqual(RETRY);
    await scene.giveUp(first);
    expectSameRequest();
    expect(scene.agent.calls[0]?.body).toMatchObject({
      user_message: 'Look\n\nAnd now?',
      attachments: [{ name: 'a.pdf' }],
      missing_files: [{ name: 'b.pdf' }],
    });
  });

  it.each([true, false])('after a pause, where there is a session: %s', async (hasSession) => {
    if (!hasSession) await scene.table.forget(groupOf(turnOf()), SESSION);
    scene.agent.script(paused('First half.'), failing('agent_crashed'));
    await scene.handle(TURN);
    expect(await scene.handle(TURN)).toEqual(RETRY);
    scene.agent.save(answered('The end.'));
    expect(await scene.giveUp(TURN)).toEqual(DONE);
    expectSameRequest();
    expect(scene.agent.calls.at(-1)?.headers.get('idempotency-key')).toBe('update-5.1');
    expect(scene.botApi.screen).toEqual(['First half.\n\nThe end.']);
  });

  it('after /new with a message', async () => {
    const turn = { ...TURN, ask: { kind: 'command', command: 'new', text: 'Plan a trip' } as const };
    scene.agent.script(failing('agent_crashed'));
    await scene.handle(turn);
    await scene.giveUp(turn);
    expectSameRequest();
    expect(scene.agent.paths).toEqual(['/session/create', '/session/create']);
  });

  it('and of a turn that asks the agent nothing, not at all', async () => {
    for (const command of ['help', 'new'] as const)
      await scene.giveUp({ update_id: command.length, ask: { kind: 'command', command } });
    await scene.giveUp({ update_id: 9, ask: { kind: 'refusal', reason: 'not_text' } });
    expect(scene.agent.calls).toEqual([]);
    expect(counted()).toEqual([0, 3]);
  });
});

describe('Without a saved answer', () => {
  it.each(['not_found', 'session_unknown', 'session_busy'] as const)(
    'the turn is given up as ever, and %s is no error',
    async (code) => {
      scene.agent.save(refusing(code));
      expect(await scene.giveUp(TURN)).toBeUndefined();
      expect(scene.botApi.screen).toEqual([expect.stringMatching(GAVE_UP)]);
      expect(scene.errors).toEqual([]);
      expect(await scene.session()).toBe(SESSION);
      expect(counted()).toEqual([0, 1]);
    },
  );

  it.each<[string, AgentAnswer]>([
    ['there is no agent server', DOWN],
    ['it cannot say', refusing('store_unavailable')],
    ['it breaks off', streamed([ACCEPTED])],
  ])('the turn is given up as ever when %s, which is reported', async (_, answer) => {
    scene.agent.save(answer);
    expect(await scene.giveUp(TURN)).toBeUndefined();
    expect(scene.botApi.screen).toEqual([expect.stringMatching(GAVE_UP)]);
    expect(scene.errors).toHaveLength(1);
    expect(counted()).toEqual([0, 1]);
  });

  it('no worker is held for long by an agent server that says nothing', async () => {
    const silent: typeof fetch = (_, init) =>
      new Promise((_resolve, reject) => {
        const { signal } = init ?? {};
        signal?.addEventListener('abort', () => reject(signal.reason as Error));
      });
    const agent = { ...scene.agent.server, fetch: silent };
    const handler = scene.handler(undefined, { agent, savedAnswerLimitMs: 50 });
    expect(await handler.giveUp(turnOf(TURN))).toBeUndefined();
    expect(scene.botApi.screen).toEqual([expect.stringMatching(GAVE_UP)]);
    expect(scene.errors).toMatchObject([{ code: 'agent_unreachable', cause: { name: 'TimeoutError' } }]);
  }, 60_000);

  it('nor is the turn kept from its end by a table that nobody can look into', async () => {
    const table = {
      find: () => Promise.reject(new Error('away')),
      save: () => Promise.resolve(false),
      refresh: () => Promise.resolve(false),
      inherit: () => Promise.resolve(),
      forget: () => Promise.resolve(),
    };
    expect(await scene.handler(undefined, { table }).giveUp(turnOf(TURN))).toBeUndefined();
    expect(scene.botApi.screen).toEqual([expect.stringMatching(GAVE_UP)]);
    expect(scene.errors).toMatchObject([{ message: 'away' }]);
  });
});

describe('A saved answer that is not complete, because its run was paused,', () => {
  it('is given with the word that the rest was given up, and goes on when the turn is tried again', async () => {
    scene.agent.save(paused('First half.'));
    expect(await scene.giveUp(TURN)).toBeUndefined();
    expect(scene.botApi.screen).toEqual([expect.stringMatching(/^First half\.\n\nI could not answer/)]);
    expect(counted()).toEqual([0, 1]);
    scene.agent.script(answered('The end.'));
    expect(await scene.handle(TURN)).toEqual(DONE);
    expect(scene.agent.calls.at(-1)?.headers.get('idempotency-key')).toBe('update-5.1');
    expect(scene.botApi.screen).toEqual(['First half.\n\nThe end.']);
  });

  it('is the answer when the agent may not go on any more', async () => {
    scene.agent.save(paused('All that there was time for.'));
    const handler = scene.handler(undefined, { maxContinuations: 0 });
    expect(await handler.giveUp(turnOf(TURN))).toEqual(DONE);
    expect(scene.botApi.screen[0]).toMatch(/^All that there was time for\.\n\n/);
    expect(counted()).toEqual([1, 0]);
  });
});

it('A turn that is delivered, or answered with an earlier one, is no dead letter', async () => {
  await scene.ledger.save(5, recordOf({ state: 'delivered' }));
  await scene.ledger.save(6, recordOf({ merged: [{ updateId: 7, messageId: 107, text: 'And?' }] }));
  await scene.ledger.save(7, recordOf({ state: 'merged', mergedInto: 6 }));
  for (const id of [5, 7]) expect(await scene.giveUp({ update_id: id })).toEqual(DONE);
  expect(scene.botApi.calls).toEqual([]);
  expect(counted()).toEqual([0, 0]);
});
