import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { TurnTakenOverError } from '../../errors.ts';
import { ClaimLostError } from '../queue-errors.ts';
import { OTHER_CHAT, sampleTurn } from '../sample-turn.fixture.ts';
import { DONE, EventLog, eventLoopTurns, logged, RETRY, whileServing } from '../serving.fixture.ts';
import { SqliteTurnQueue, type SqliteTurnQueueOptions } from './sqlite-turn-queue.ts';
import type { Outcome, TurnHandler } from '../turn-queue.ts';

const VISIBILITY_MS = 30_000;

let directory: string;
let errors: unknown[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'turn-queue-'));
  errors = [];
});
afterEach(async () => {
  vi.useRealTimers();
  await rm(directory, { recursive: true });
});

function open(options: Partial<SqliteTurnQueueOptions> = {}): SqliteTurnQueue {
  const onError = (error: unknown): unknown => errors.push(error);
  return new SqliteTurnQueue({ directory, onError, visibilityMs: VISIBILITY_MS, ...options });
}

/** Stops the timers, so that time passes only when a test says so. */
function holdTime(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
}

/** Logs each try like `logged`, but update 1 ends only when told to. */
function held(log: EventLog): Pick<TurnHandler, 'handle'> & { release: (outcome: Outcome) => void } {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const { handle } = logged(log);
  return {
    handle: async (turn, attempt) => {
      const outcome = await handle(turn, attempt);
      return turn.update_id === 1 ? promise : outcome;
    },
    release: resolve,
  };
}

it('starts a turn at once when it is queued while nothing runs', async () => {
  holdTime();
  const queue = open();
  const log = new EventLog();
  await whileServing(queue, logged(log), async () => {
    await eventLoopTurns(5);
    await queue.enqueue(sampleTurn(1));
    await log.until('1#1');
  });
  queue.close();
});

it('starts a turn at once when it goes back from the dead letters while nothing runs', async () => {
  const queue = open({ retryDelayMs: () => 0 });
  const log = new EventLog();
  await queue.enqueue(sampleTurn(1));
  const giveUp = (): Promise<undefined> => {
    log.add('given up');
    return Promise.resolve(undefined);
  };
  await whileServing(queue, { ...logged(new EventLog(), () => RETRY), giveUp }, () => log.until('given up'));
  holdTime();
  await whileServing(queue, logged(log), async () => {
    await eventLoopTurns(5);
    await queue.redrive();
    await log.until('1#1');
  });
  queue.close();
});

it('finds what another process queued within half a second', async () => {
  holdTime();
  const queue = open();
  const other = open();
  const log = new EventLog();
  await whileServing(queue, logged(log), async () => {
    await eventLoopTurns(5);
    await other.enqueue(sampleTurn(1));
    await vi.advanceTimersByTimeAsync(500);
    await log.until('1#1');
  });
  queue.close();
  other.close();
});

it('tries again when the delay is over and not before', async () => {
  holdTime();
  const queue = open({ retryDelayMs: (attempt) => attempt * 7_000.5 });
  const log = new EventLog();
  await queue.enqueue(sampleTurn(1));
  const passMs = async (ms: number): Promise<void> => {
    await vi.advanceTimersByTimeAsync(ms);
    await eventLoopTurns(5);
  };
  const decide = (_: unknown, attempt: number): Outcome => (attempt < 3 ? RETRY : DONE);
  await whileServing(queue, logged(log, decide), async () => {
    await log.until('1#1');
    await eventLoopTurns(5);
    await passMs(7_000);
    expect(log.entries).toEqual(['1#1']);
    await passMs(1);
    expect(log.entries).toEqual(['1#1', '1#2']);
    await passMs(14_000);
    expect(log.entries).toEqual(['1#1', '1#2']);
    await passMs(1);
    expect(log.entries).toEqual(['1#1', '1#2', '1#3']);
  });
  queue.close();
});

it('does not give a turn of 15 minutes out twice while its worker lives, even while that is stopping', async () => {
  holdTime();
  const worker = open();
  const other = open();
  const log = new EventLog();
  const { handle, release } = held(log);
  const stop = new AbortController();
  await worker.enqueue(sampleTurn(1));
  const served = worker.serve({ handle, giveUp: () => Promise.resolve(undefined) }, stop.signal);
  await log.until('1#1');
  await whileServing(other, { handle }, async () => {
    for (let second = 0; second < 900; second += 1) {
      if (second === 450) stop.abort();
      await vi.advanceTimersByTimeAsync(1_000);
      await eventLoopTurns(2);
    }
    release(DONE);
    await served;
    await other.enqueue(sampleTurn(2));
    await log.until('2#1');
  });
  expect(log.entries).toEqual(['1#1', '2#1']);
  expect(errors).toEqual([]);
  worker.close();
  other.close();
});

it('does not give out its own running turn again after the machine slept', async () => {
  let nowMs = Date.now();
  const queue = open({ now: () => nowMs });
  const log = new EventLog();
  const { handle, release } = held(log);
  await queue.enqueue(sampleTurn(1));
  await whileServing(queue, { handle }, async () => {
    await log.until('1#1');
    nowMs += 3_600_000;
    await queue.enqueue(sampleTurn(2, OTHER_CHAT));
    await log.until('2#1');
    release(DONE);
  });
  expect(log.entries).toEqual(['1#1', '2#1']);
  queue.close();
});

it.each(['done', 'retry'] as const)(
  'ignores and reports a late "%s" of a worker that lost its turn',
  async (kind) => {
    const nowMs = Date.now();
    const slow = open({ now: () => nowMs, retryDelayMs: () => 0 });
    const fast = open({ now: () => nowMs + VISIBILITY_MS });
    const log = new EventLog();
    const { handle, release } = held(log);
    const second = Promise.withResolvers<Outcome>();
    const takesOver: TurnHandler['handle'] = async (turn, attempt) => {
      log.add(`taken over ${turn.update_id}#${attempt}`);
      return turn.update_id === 1 ? second.promise : DONE;
    };
    await slow.enqueue(sampleTurn(1));
    await slow.enqueue(sampleTurn(2));
    const stop = new AbortController();
    const served = slow.serve({ handle, giveUp: () => Promise.resolve(undefined) }, stop.signal);
    await log.until('1#1');
    await whileServing(fast, { handle: takesOver }, async () => {
      await log.until('taken over 1#2');
      release({ kind });
      stop.abort();
      await served;
      expect(errors).toEqual([expect.any(ClaimLostError)]);
      await whileServing(slow, { handle }, () => eventLoopTurns(5));
      expect(log.entries).toEqual(['1#1', 'taken over 1#2']);
      second.resolve(DONE);
      await log.until('taken over 2#1');
    });
    expect(log.entries).toEqual(['1#1', 'taken over 1#2', 'taken over 2#1']);
    slow.close();
    fast.close();
  },
);

it('gives a turn that another delivery went on with out again soon, however often it was given out before', async () => {
  const queue = open({ retryDelayMs: (attempt) => (attempt === 1 ? 0 : 1_000_000_000) });
  const log = new EventLog();
  await queue.enqueue(sampleTurn(1));
  let deliveries = 0;
  const handle: TurnHandler['handle'] = ({ update_id: id }) => {
    deliveries += 1;
    if (deliveries < 5) return Promise.resolve({ kind: 'later', afterMs: 0 });
    if (deliveries === 5) return Promise.reject(new TurnTakenOverError(id));
    log.add('given out again');
    return Promise.resolve(DONE);
  };
  const deferrals = (_: unknown, delivery: number): Promise<number> => Promise.resolve(delivery - 1);
  const giveUp = (): Promise<undefined> => Promise.resolve(undefined);
  await whileServing(queue, { handle, deferrals, giveUp }, () => log.until('given out again'));
  queue.close();
});
