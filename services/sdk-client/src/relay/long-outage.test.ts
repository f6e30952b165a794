import type { Turn, WireErrorCode } from '@omnicloud/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { OutageError } from '../errors.ts';
import { MAX_DELIVERIES, MAX_GIVE_UP_TRIES, tryTurn, type Verdict } from '../queue/try-turn.ts';
import { answered, failing } from './agent/agent-server.fixture.ts';
import { OwnerNotices } from './owner-notices.ts';
import { later, RelayScene, WHEN_COMPLETE } from './relay-scene.fixture.ts';
import { turnOf } from '../turn/turn.fixture.ts';

const OWNER = '99';
const TURN = turnOf({ update_id: 5 });
/** Waits in a row that are a quarter of an hour. */
const LONG = 11;

let scene: RelayScene;
let errors: unknown[];
beforeEach(async () => {
  scene = await RelayScene.open();
  errors = scene.errors;
});
let passing: NodeJS.Timeout | undefined;
afterEach(async () => {
  clearInterval(passing);
  vi.useRealTimers();
  await scene.close();
});

const ownerNotices = new OwnerNotices({ ownerId: OWNER, monotonicNow: () => (now += 3_600_000) });
let now = 0;
const sentTo = (chatId: string): string[] =>
  scene.botApi
    .payloads('sendMessage')
    .filter(({ chat_id }) => String(chat_id) === chatId)
    .map(({ text }) => String(text));

describe('an outage that lasts for a quarter of an hour', () => {
  it.each<[WireErrorCode, string, boolean]>([
    ['model_throttled', 'Service Quotas', true],
    ['model_unavailable', 'npm run doctor', false],
    ['store_unavailable', 'DATA_DIR', false],
    ['agent_unavailable', 'whether it runs', false],
    ['disk_full', 'Make room', false],
  ])('%s is told to the owner once with its cure, and only then', async (code, cure, isUserTold) => {
    scene.agent.script(...Array.from({ length: LONG + 3 }, () => failing(code)), answered('At last.'));
    const handler = scene.handler(WHEN_COMPLETE, { ownerNotices });
    for (let wait = 1; wait < LONG; wait += 1) await handler.handle(TURN, 1);
    expect(sentTo(OWNER)).toEqual([]);
    for (let wait = 0; wait < 5; wait += 1) await handler.handle(TURN, 1);
    expect(sentTo(OWNER)).toEqual([
      expect.stringMatching(new RegExp(`^For the owner \\(${code}\\).*${cure}`)),
    ]);
    expect(sentTo(TURN.chat_id)).toEqual([
      expect.stringMatching(/^Not yet/),
      ...(isUserTold ? [expect.stringMatching(/^Still not: .*quota is probably used up/) as unknown] : []),
      'At last.',
    ]);
  });

  it('stands in the owner’s own chat', async () => {
    scene.agent.script(...Array.from({ length: LONG }, () => failing('store_unavailable')));
    const own = { ...TURN, chat_id: OWNER };
    const handler = scene.handler(WHEN_COMPLETE, { ownerNotices });
    for (let wait = 1; wait <= LONG; wait += 1) await handler.handle(own, 1);
    expect(sentTo(OWNER)).toEqual([
      expect.stringMatching(/^Not yet/),
      expect.stringMatching(/^For the owner \(store_unavailable\)/),
    ]);
  });

  it('is no longer one when something else was away in between', async () => {
    const handler = scene.handler(WHEN_COMPLETE, { ownerNotices });
    for (let wait = 1; wait <= 2 * LONG; wait += 1) {
      scene.agent.script(failing(wait % LONG === 0 ? 'store_unavailable' : 'model_throttled'));
      await handler.handle(TURN, 1);
    }
    expect(sentTo(OWNER)).toEqual([]);
  });

  it('of a model that throttles is asked about ever less often, for a day in all', async () => {
    const pauses: unknown[] = [];
    let waitedMs = 0;
    for (;;) {
      scene.agent.script(failing('model_throttled'));
      const outcome = await scene.handler().handle(TURN, 1);
      if (outcome.kind !== 'later') break;
      pauses.push(outcome);
      waitedMs += outcome.afterMs;
    }
    expect(pauses.slice(LONG - 2, LONG + 4)).toEqual(
      [2, 4, 8, 15, 15, 15].map((minutes) => later(minutes * 60_000)),
    );
    expect(waitedMs).toBeGreaterThan(24 * 3_600_000);
    expect(waitedMs).toBeLessThan(25 * 3_600_000);
    await scene.giveUp(TURN);
    expect(scene.botApi.screen.at(-1)).toMatch(/^I waited for about a day .*takes no more requests/);
  });
});

describe('a turn of which nothing can be written down', () => {
  const away = (): Promise<never> =>
    Promise.reject(Object.assign(new Error('away'), { retryable: true as const, code: 'away' }));
  const policy = { retryDelayMs: () => 5, onError: (error: unknown) => void errors.push(error) };
  const deliver = (delivery: number, turn: Turn = TURN): Promise<Verdict> => {
    const ledger = { find: away, save: away };
    return tryTurn(scene.handler(WHEN_COMPLETE, { ownerNotices, ledger }), turn, delivery, policy);
  };
  const again = { kind: 'again', afterMs: 5 };

  it('waits, and its user is told so once', async () => {
    for (const delivery of [1, 2, 3, 4]) expect(await deliver(delivery)).toEqual(again);
    expect(scene.botApi.screen).toEqual([expect.stringMatching(/^Not yet: .*loaded or saved/)]);
  });

  it('becomes a dead letter after about a day, never without a word to its user and the owner', async () => {
    expect(await deliver(MAX_DELIVERIES)).toEqual(again);
    expect(await deliver(MAX_DELIVERIES + 1)).toEqual({ kind: 'dead' });
    expect(sentTo(TURN.chat_id)).toEqual([expect.stringMatching(/^I waited for about a day/)]);
    expect(sentTo(OWNER)).toEqual([expect.stringMatching(/store_unavailable.*See the log/)]);
    expect(scene.measures).toContainEqual(['TurnsGivenUp', 1]);
  });

  it('does so, too, while Telegram is away, after some more deliveries', async () => {
    scene.botApi.isAway = () => true;
    const verdicts: Verdict[] = [];
    for (let more = 1; more <= MAX_GIVE_UP_TRIES + 1; more += 1)
      verdicts.push(await deliver(MAX_DELIVERIES + more));
    expect(verdicts).toEqual([
      ...Array.from({ length: MAX_GIVE_UP_TRIES - 1 }, () => again),
      { kind: 'dead' },
      { kind: 'dead' },
    ]);
  });

  it('is given up as usual when it can be written down by then', async () => {
    const found = await tryTurn(scene.handler(), TURN, MAX_DELIVERIES + 1, policy);
    expect(found).toEqual({ kind: 'dead' });
    expect(scene.botApi.screen).toEqual([expect.stringMatching(/^I could not answer this message/)]);
  });
});

describe('giving a turn up', () => {
  it('waits for Telegram without using up one of its deliveries, and tells the user then', async () => {
    const handler = scene.handler();
    let isAway = true;
    scene.botApi.isAway = () => isAway;
    // The pauses between the calls of one delivery.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    passing = setInterval(() => vi.advanceTimersByTime(250), 1);
    await expect(handler.giveUp(TURN)).rejects.toBeInstanceOf(OutageError);
    isAway = false;
    // Three tries and the delivery above.
    expect(await handler.deferrals?.(TURN, 5)).toBe(4);
    await handler.giveUp(TURN);
    expect(scene.botApi.screen).toEqual([expect.stringMatching(/^I could not answer this message/)]);
  });
});
