import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type MovedTime, MovedSqliteTime, MovedSqsTime } from '../queue/moved-time.fixture.ts';
import { answered, DOWN, failing, refusing } from './agent/agent-server.fixture.ts';
import { AttachmentStoreError } from './files/attachment-store.ts';
import type { TurnHandlerDeps } from './handle-turn.ts';
import { RelayScene, WHEN_COMPLETE } from './relay-scene.fixture.ts';
import { turnOf } from '../turn/turn.fixture.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const QUEUES = { SQLite: MovedSqliteTime, SQS: MovedSqsTime } as const;
const TURN = turnOf({
  update_id: 5,
  ask: { kind: 'message', text: 'Look', files: [{ file_id: 'f', name: 'a.txt' }] },
});

let scene: RelayScene;
let isAway: () => boolean;
/** What calls that got no answer have taken. */
let lostMs = 0;
let passing: NodeJS.Timeout | undefined;
beforeEach(async () => {
  const passed = performance.now.bind(performance);
  vi.spyOn(performance, 'now').mockImplementation(() => passed() + lostMs);
  scene = await RelayScene.open();
  scene.botApi.sent.set('f', Buffer.from('hello'));
});
afterEach(async () => {
  clearInterval(passing);
  vi.useRealTimers();
  vi.restoreAllMocks();
  await scene.close();
});

type Away = (scene: RelayScene) => Partial<TurnHandlerDeps>;

/** While something is away, each call of it ends without an answer, after so long that no other is made for the same step. */
function orAway<Args extends unknown[], Value>(
  call: (...args: Args) => Promise<Value>,
  error: Error = Object.assign(new Error('away'), { retryable: true }),
) {
  return async (...args: Args): Promise<Value> => {
    if (!isAway()) return call(...args);
    lostMs += 4_000;
    throw error;
  };
}

const gateway = (): Response => new Response('<html>', { status: 502 });
const agentThat =
  (answer: Parameters<RelayScene['agent']['script']>[0]): Away =>
  ({ agent: { server } }) => ({
    agent: { ...server, fetch: async (...call) => (isAway() ? answer() : server.fetch(...call)) },
  });

function withoutTelegram(hasBegun: (scene: RelayScene) => boolean): Away {
  return (at) => {
    at.botApi.isAway = () => isAway() && hasBegun(at);
    // The pauses between the calls of one delivery.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    passing = setInterval(() => vi.advanceTimersByTime(250), 1);
    return {};
  };
}

/** What is away → the end that every use of it comes to meanwhile. */
const AWAY: Record<string, Away> = {
  'the model': agentThat(failing('model_unavailable')),
  'the object store': agentThat(failing('store_unavailable')),
  'the lease table': agentThat(refusing('store_unavailable')),
  'the agent server (refused connections)': agentThat(DOWN),
  'the agent server (HTTP 502 of a gateway)': agentThat(gateway),
  'the agent server (our gateway’s own words)': agentThat(refusing('agent_unavailable')),
  'the agent server (silence)': ({ agent: { server } }) => ({
    agent: {
      ...server,
      silenceMs: 100,
      fetch: (input, init) =>
        isAway()
          ? new Promise((_resolve, reject) => {
              init?.signal?.addEventListener('abort', () => reject(new Error('silence')));
            })
          : server.fetch(input, init),
    },
  }),
  'the session table': ({ table }) => ({
    table: {
      find: orAway(table.find.bind(table)),
      forget: orAway(table.forget.bind(table)),
      inherit: orAway(table.inherit.bind(table)),
    } as unknown as TurnHandlerDeps['table'],
  }),
  'the ledger': ({ ledger }) => ({
    ledger: { find: orAway(ledger.find.bind(ledger)), save: orAway(ledger.save.bind(ledger)) },
  }),
  'the store of attachments': () => ({
    attachments: { put: orAway(() => Promise.resolve(), new AttachmentStoreError()) },
  }),
  Telegram: withoutTelegram(() => true),
  'Telegram (from the answer on)': withoutTelegram(({ agent }) => agent.calls.length > 0),
};

async function outlast(time: MovedTime, next: () => Promise<void>): Promise<void> {
  await time.enqueue(TURN);
  await time.untilDelivered();
  while (!scene.botApi.screen.includes('At last.')) {
    expect(time.deliveries).toBeLessThan(60);
    await next();
    time.passWait();
    await time.untilDelivered();
  }
}

function handlerOf(away: Away): ReturnType<RelayScene['handler']> {
  const handler = scene.handler(WHEN_COMPLETE, away(scene));
  scene.agent.script(answered('At last.'));
  return {
    ...handler,
    handle: (turn, attempt) => {
      expect(attempt).toBe(1);
      return handler.handle(turn, attempt);
    },
  };
}

const CASES = Object.keys(AWAY).flatMap((what) =>
  Object.keys(QUEUES).flatMap((queue) =>
    [MINUTE_MS, HOUR_MS].map((ms) => [ms / MINUTE_MS, what, queue] as const),
  ),
);

it.each(CASES)(
  '%i min without %s (%s): no try is used up, the user is told once, and there is one answer',
  async (minutes, what, queue) => {
    const away = AWAY[what] ?? (() => ({}));
    isAway = () => time.passedMs < minutes * MINUTE_MS;
    const time: MovedTime = await QUEUES[queue as keyof typeof QUEUES].begin(handlerOf(away), (error) =>
      scene.errors.push(error),
    );
    try {
      await outlast(time, async () => {
        if (!(time instanceof MovedSqliteTime)) return;
        if (time.deliveries === 3) await time.restart();
        // The wait is no longer for that, also not when nobody saw the clock being set.
        if (time.deliveries === 5) await time.setClockBack(DAY_MS);
      });
      expect(time.passedMs).toBeLessThan((minutes + 3) * MINUTE_MS);
      const told = scene.botApi.screen.slice(0, -1);
      const isTold = minutes > 1 && !what.startsWith('Telegram');
      expect(told.length).toSatisfy((times: number) => (isTold ? times === 1 : times <= 1));
      expect(told.every((text) => text.startsWith('Not yet: '))).toBe(true);
      expect(scene.botApi.screen.at(-1)).toBe('At last.');
      expect(scene.agent.calls).toHaveLength(1);
      expect(await time.deadLetters()).toBe(0);
    } finally {
      await time.end();
    }
  },
);

it('An hour without SQS, from the moment of the answer on: it is taken for no other try, and is said once', async () => {
  scene.agent.script(answered('At last.'));
  const time = await MovedSqsTime.begin(scene.handler(), (error) => scene.errors.push(error));
  try {
    await time.enqueue(TURN);
    time.sqs.isAway = true;
    await time.untilDelivered();
    await expect(time.enqueue(turnOf({ update_id: 6 }))).rejects.toMatchObject({ code: 'queue_unavailable' });
    time.sqs.nowMs += HOUR_MS;
    time.sqs.isAway = false;
    await time.untilDelivered();
    expect(scene.botApi.screen).toEqual(['At last.']);
    expect(scene.agent.calls).toHaveLength(1);
    expect([time.sqs.bodies(time.sqs.urlOf('turns')), await time.deadLetters()]).toEqual([[], 0]);
  } finally {
    await time.end();
  }
});
