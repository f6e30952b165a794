import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sessionKeyOf } from '@omnicloud/protocol';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { OTHER_CHAT, sampleTurn } from '../sample-turn.fixture.ts';
import { DONE, EventLog, eventLoopTurns, logged, whileServing } from '../serving.fixture.ts';
import { SqliteTurnQueue, type SqliteTurnQueueOptions } from './sqlite-turn-queue.ts';
import type { Outcome } from '../turn-queue.ts';

const VISIBILITY_MS = 30_000;
const TWO_HOURS_MS = 2 * 60 * 60 * 1000;
const NOON_MS = Date.UTC(2026, 5, 1, 12);

let directory: string;
let errors: unknown[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'turn-queue-'));
  errors = [];
});
afterEach(() => rm(directory, { recursive: true }));

/** A wall clock that can be set, beside one that cannot: both go on when time passes. */
class Clocks {
  wallMs = NOON_MS;
  monotonicMs = 0;
  readonly options = { now: () => this.wallMs, monotonicNow: () => this.monotonicMs };

  pass(ms: number): void {
    this.wallMs += ms;
    this.monotonicMs += ms;
  }
}

function open(options: Partial<SqliteTurnQueueOptions>): SqliteTurnQueue {
  const onError = (error: unknown): unknown => errors.push(error);
  return new SqliteTurnQueue({ directory, onError, visibilityMs: VISIBILITY_MS, ...options });
}

/** Makes the worker look without waiting for its timer: a turn of another chat comes. */
let lookCount = 0;
async function look(queue: SqliteTurnQueue): Promise<void> {
  lookCount += 1;
  await queue.enqueue(sampleTurn(100_000 + lookCount, { chat_id: '99' }));
  await eventLoopTurns(6);
}

it.each(['while it is served', 'before it is opened again'])(
  'lets a turn wait no longer than was asked when the clock is set back two hours %s',
  async (when) => {
    const clocks = new Clocks();
    const log = new EventLog();
    const putOff = logged(log, ({ update_id: id }, attempt): Outcome =>
      id === 1 && attempt === 1 ? { kind: 'later', afterMs: 5_000 } : DONE,
    );
    let queue = open(clocks.options);
    await queue.enqueue(sampleTurn(1));
    const waits = async (): Promise<void> => {
      await look(queue);
      clocks.pass(4_999);
      await look(queue);
      expect(log.entries).not.toContain('1#2');
      clocks.pass(1);
      await look(queue);
      await log.until('1#2');
    };
    await whileServing(queue, putOff, async () => {
      await log.until('1#1');
      await eventLoopTurns(5);
      if (when !== 'while it is served') return;
      clocks.wallMs -= TWO_HOURS_MS;
      await waits();
    });
    if (when !== 'while it is served') {
      queue.close();
      clocks.wallMs -= TWO_HOURS_MS;
      queue = open(clocks.options);
      await whileServing(queue, putOff, waits);
    }
    expect(errors).toEqual([]);
    queue.close();
  },
);

it('keeps the claim of a turn that is being handled when the clock is set back, and extends it', async () => {
  const clocks = new Clocks();
  const queue = open(clocks.options);
  const log = new EventLog();
  const end = Promise.withResolvers<Outcome>();
  const handle = async (turn: { update_id: number }, attempt: number): Promise<Outcome> => {
    log.add(`${turn.update_id}#${attempt}`);
    return turn.update_id === 1 ? end.promise : DONE;
  };
  await queue.enqueue(sampleTurn(1));
  await whileServing(queue, { handle }, async () => {
    await log.until('1#1');
    clocks.wallMs -= TWO_HOURS_MS;
    for (let second = 0; second < 60; second += 1) {
      clocks.pass(1_000);
      await look(queue);
    }
    end.resolve(DONE);
  });
  expect(log.entries.filter((entry) => entry.startsWith('1#'))).toEqual(['1#1']);
  expect(errors).toEqual([]);
  queue.close();
});

it.each([TWO_HOURS_MS, -TWO_HOURS_MS])(
  'takes no turn from another process that lives when the clock moves by %i ms',
  async (stepMs) => {
    const clocks = new Clocks();
    const holder = open(clocks.options);
    const other = open(clocks.options);
    const log = new EventLog();
    const end = Promise.withResolvers<Outcome>();
    await holder.enqueue(sampleTurn(1));
    const stop = new AbortController();
    const giveUp = (): Promise<undefined> => Promise.resolve(undefined);
    const handle = async (turn: { update_id: number }, attempt: number): Promise<Outcome> => {
      log.add(`${turn.update_id}#${attempt}`);
      return turn.update_id === 1 ? end.promise : DONE;
    };
    const served = holder.serve({ handle, giveUp }, stop.signal);
    await log.until('1#1');
    await whileServing(other, { handle }, async () => {
      await look(other);
      clocks.wallMs += stepMs;
      await look(other);
      await look(other);
      end.resolve(DONE);
      stop.abort();
      await served;
    });
    expect(log.entries.filter((entry) => entry.startsWith('1#'))).toEqual(['1#1']);
    expect(errors).toEqual([]);
    holder.close();
    other.close();
  },
);

it('serves what an earlier release queued, put off for a moment or two hours ahead', async () => {
  const clocks = new Clocks();
  open(clocks.options).close();
  const file = new DatabaseSync(join(directory, 'queue.db'));
  file.exec(
    `DROP INDEX claimed_turns; DROP INDEX signed_turns; ${[
      'wait_ms',
      'chat',
      'is_aside',
      'owner_started',
      'sign',
    ]
      .map((column) => `ALTER TABLE turns DROP COLUMN ${column};`)
      .join(' ')} PRAGMA user_version = 1;`,
  );
  const insert = file.prepare(
    'INSERT INTO turns (update_id, group_key, turn_json, available_at_ms) VALUES (?, ?, ?, ?)',
  );
  insert.run(1, '1:0', JSON.stringify(sampleTurn(1)), NOON_MS);
  insert.run(2, '2:0', JSON.stringify(sampleTurn(2, OTHER_CHAT)), NOON_MS + TWO_HOURS_MS);
  file.close();
  const queue = open(clocks.options);
  const log = new EventLog();
  await whileServing(queue, logged(log), async () => {
    await log.until('1#1');
    clocks.pass(60 * 60 * 1000);
    await look(queue);
    await log.until('2#1');
  });
  queue.close();
});

it('hands out at once what waits in a session that is hurried, and nothing of another one', async () => {
  const clocks = new Clocks();
  const log = new EventLog();
  const putOff = logged(log, ({ update_id: id }, attempt): Outcome =>
    id < 3 && attempt === 1 ? { kind: 'later', afterMs: TWO_HOURS_MS } : DONE,
  );
  const queue = open(clocks.options);
  await queue.enqueue(sampleTurn(1));
  await queue.enqueue(sampleTurn(2, OTHER_CHAT));
  await whileServing(queue, putOff, async () => {
    await log.until('1#1');
    await log.until('2#1');
    await eventLoopTurns(6);
    queue.hurry(sessionKeyOf(sampleTurn(1)));
    await log.until('1#2');
    await look(queue);
  });
  expect(log.entries).not.toContain('2#2');
  queue.close();
  expect(errors).toEqual([]);
});
