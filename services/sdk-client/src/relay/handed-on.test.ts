import { type RunEvent, sessionKeyOf, wireError } from '@omnicloud/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAX_DEFERRALS } from '../queue/try-turn.ts';
import {
  ACCEPTED,
  type AgentAnswer,
  answered,
  failing,
  FINISHED,
  refusing,
  SESSION,
  streamed,
  text,
} from './agent/agent-server.fixture.ts';
import { AT_ONCE, later, RelayScene } from './relay-scene.fixture.ts';
import { recordOf, turnOf } from '../turn/turn.fixture.ts';

const DONE = { kind: 'done' };
const NOW = { kind: 'later', afterMs: 0 };
const TURN = { update_id: 5 };
const GROUP = sessionKeyOf(turnOf());

/** @returns a run whose time is up after it said this. */
function paused(said: string, first: RunEvent = ACCEPTED): AgentAnswer {
  const end = { ...FINISHED, type: 'paused' } as RunEvent;
  return streamed([first, text(said), { type: 'answer', text: said }, end]);
}

function busy(untilMs: number): AgentAnswer {
  const details = { holder: 'another', until: new Date(Date.now() + untilMs).toISOString() };
  return () => Response.json({ error: wireError('session_busy', 'busy', details) }, { status: 409 });
}

let scene: RelayScene;
beforeEach(async () => {
  scene = await RelayScene.open();
});
afterEach(async () => {
  await scene.close();
});
const asked = (): unknown[] =>
  scene.agent.calls.map(({ body }) => (body as { user_message: string }).user_message);
const keys = (): (string | null)[] => scene.agent.calls.map(({ headers }) => headers.get('idempotency-key'));

describe('a run whose time is up', () => {
  it('holds no worker: the next delivery goes on, and the user sees one answer in one message', async () => {
    await scene.knows(SESSION);
    scene.agent.script(paused('First half.'), paused('Second.'), answered('The end.'));
    expect(await scene.handle(TURN, AT_ONCE)).toEqual(NOW);
    expect(await scene.handle(TURN, AT_ONCE)).toEqual(NOW);
    expect(await scene.handle(TURN, AT_ONCE)).toEqual(DONE);
    expect(keys()).toEqual(['update-5', 'update-5.1', 'update-5.2']);
    expect(asked()[1]).toContain('Continue exactly where you left off');
    expect(scene.botApi.screen).toEqual(['First half.\n\nSecond.\n\nThe end.']);
  });

  it('is asked from its beginning when the session that it was in is gone', async () => {
    await scene.knows(SESSION);
    scene.agent.script(paused('First half.'), refusing('session_unknown'), answered('All of it.'));
    expect(await scene.handle(TURN)).toEqual(NOW);
    expect(await scene.handle(TURN)).toEqual(DONE);
    expect(scene.agent.paths.at(-1)).toBe('/session/create');
    expect(asked().at(-1)).toBe(asked()[0]);
    expect(scene.botApi.screen[0]).toMatch(/^The earlier conversation could not be found/);
  });

  it('is no try of the turn', async () => {
    scene.agent.script(paused('First half.'), paused('Second.'));
    await scene.handle(TURN);
    await scene.handle(TURN);
    expect(await scene.handler().deferrals?.(turnOf(TURN), 3)).toBe(2);
  });

  it('keeps what the user must know of its beginning', async () => {
    await scene.knows(SESSION);
    scene.agent.script(paused('First half.', { ...ACCEPTED, repaired: 1 } as RunEvent), answered('The end.'));
    await scene.handle(TURN);
    await scene.handle(TURN);
    expect(scene.botApi.screen[0]).toMatch(
      /^The stored conversation was damaged.*First half\.\n\nThe end\.$/s,
    );
  });

  it('says what there is when the user stops it before it goes on', async () => {
    scene.agent.script(paused('First half.'));
    await scene.handle(TURN);
    await scene.stops.request(GROUP, 6);
    expect(await scene.handle(TURN)).toEqual(DONE);
    expect(scene.botApi.screen).toEqual(['First half.\n\n⏹ Stopped.']);
    expect(scene.agent.calls).toHaveLength(1);
  });

  it('keeps what was shown when a later run of it fails for now', async () => {
    scene.agent.script(paused('First half.'), failing('agent_crashed'), answered('The end.'));
    await scene.handle(TURN, AT_ONCE);
    expect(await scene.handle(TURN, AT_ONCE)).toEqual({ kind: 'retry' });
    expect(scene.botApi.screen).toEqual(['First half.']);
    expect(await scene.handle(TURN, AT_ONCE)).toEqual(DONE);
    expect(scene.botApi.screen).toEqual(['First half.\n\nThe end.']);
  });
});

it('What the user has read of a paused answer stays when the rest of it fails for good, or is given up', async () => {
  scene.agent.script(paused('First half.'), failing('over_budget'), paused('Another half.'));
  await scene.handle(TURN);
  expect(await scene.handle(TURN)).toEqual(DONE);
  await scene.handle({ update_id: 6 });
  await scene.giveUp({ update_id: 6 });
  expect(scene.botApi.screen).toEqual([
    expect.stringMatching(/^First half\.\n\nI could not answer: the spending limit/),
    expect.stringMatching(/^Another half\.\n\nI could not answer this message after several tries/),
  ]);
});

describe('a session that is in use', () => {
  it('puts the turn off until its lease ends, or a little while, without counting a try', async () => {
    scene.agent.script(busy(700), busy(60_000), busy(-5_000));
    const untilFree = await scene.handle(TURN);
    expect(untilFree).toMatchObject({ kind: 'later' });
    expect('afterMs' in untilFree && untilFree.afterMs).toSatisfy((ms: number) => ms > 300 && ms < 800);
    expect(await scene.handle(TURN)).toEqual(later(2_000));
    expect(await scene.handle(TURN)).toEqual(later(100));
    expect(await scene.handler().deferrals?.(turnOf(TURN), 4)).toBe(3);
    expect(scene.botApi.screen).toEqual([]);
    expect(scene.measures.filter(([measure]) => measure === 'SessionBusy')).toHaveLength(3);
  });

  it('counts as a failed try when it is in use beyond belief', async () => {
    await scene.ledger.save(TURN.update_id, recordOf({ deferrals: MAX_DEFERRALS }));
    scene.agent.script(busy(60_000));
    expect(await scene.handle(TURN)).toMatchObject({ kind: 'retry' });
  });
});

it('A turn that waits for its next try is stopped, too', async () => {
  scene.agent.script(failing('agent_crashed'));
  expect(await scene.handle(TURN)).toEqual({ kind: 'retry' });
  await scene.stops.request(sessionKeyOf(turnOf()), TURN.update_id + 1);
  expect(await scene.handle(TURN)).toEqual(DONE);
  expect(scene.botApi.screen).toEqual(['⏹ Stopped.']);
  expect(scene.agent.calls).toHaveLength(1);
});

it('A redelivered /new does not forget the conversation that its first delivery began', async () => {
  await scene.knows(SESSION);
  const ask = { kind: 'command', command: 'new', text: 'Plan a trip' } as const;
  scene.agent.script(failing('agent_crashed'), answered('To Oslo, then.'));
  expect(await scene.handle({ ...TURN, ask })).toEqual({ kind: 'retry' });
  const begun = '0190c8a4-0000-4000-8000-000000000002';
  await scene.knows(begun);
  expect(await scene.handle({ ...TURN, ask })).toEqual(DONE);
  expect(scene.agent.paths).toEqual(['/session/create', `/session/${begun}/message`]);
});

it('The agent is told how long its worker can listen', async () => {
  scene.agent.script(answered('Sunny.'));
  await scene.handle(TURN);
  expect(scene.agent.calls[0]?.body).not.toHaveProperty('time_limit_ms');
  scene.agent.script(answered('Sunny.'));
  await scene.handler(undefined, { timeLimitMs: () => 42_000.5 }).handle(turnOf({ update_id: 6 }), 1);
  expect(scene.agent.calls[1]?.body).toMatchObject({ time_limit_ms: 42_000 });
});
