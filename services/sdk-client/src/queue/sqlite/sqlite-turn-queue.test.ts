import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { NewerSchemaError } from '@omnicloud/storage';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { QueueUnavailableError } from '../../errors.ts';
import { UnreadableTurnError } from '../queue-errors.ts';
import { OTHER_CHAT, sampleTurn } from '../sample-turn.fixture.ts';
import { EventLog, eventLoopTurns, logged, RETRY, whileServing } from '../serving.fixture.ts';
import { SqliteTurnQueue, type SqliteTurnQueueOptions } from './sqlite-turn-queue.ts';
import type { OpenTurnQueue } from '../open-turn-queue.fixture.ts';
import { describeTurnQueue } from '../turn-queue.contract.ts';

let root: string;
let directory: string;
let errors: unknown[];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'turn-queue-'));
  directory = join(root, 'not', 'there', 'yet');
  errors = [];
});
afterEach(() => rm(root, { recursive: true }));

const noDelay = { retryDelayMs: () => 0 };

function open(options: Partial<SqliteTurnQueueOptions> = {}): SqliteTurnQueue {
  return new SqliteTurnQueue({ directory, onError: (error) => errors.push(error), ...noDelay, ...options });
}

/** Does something to the file behind the queue's back. */
function inFile<Result>(use: (file: DatabaseSync) => Result): Result {
  const file = new DatabaseSync(join(directory, 'queue.db'));
  try {
    return use(file);
  } finally {
    file.close();
  }
}

describeTurnQueue('SqliteTurnQueue', () => {
  const reported: OpenTurnQueue['reported'][number][] = [];
  const queue = open({
    directory: join(root, randomUUID()),
    retryDelayMs: (attempt) => attempt,
    onError: (error, turn) => reported.push({ error, updateId: turn?.update_id }),
  });
  const close = (): Promise<void> => {
    queue.close();
    return Promise.resolve();
  };
  return Promise.resolve({ queue, reported, close });
});

describe('SqliteTurnQueue', () => {
  it('keeps turns, their tries and the updates it knows when it is opened again', async () => {
    const log = new EventLog();
    const first = open();
    await first.enqueue(sampleTurn(1));
    await first.enqueue(sampleTurn(2));
    const stop = new AbortController();
    const retryAndStop = logged(log, () => {
      stop.abort();
      return RETRY;
    });
    await first.serve({ ...retryAndStop, giveUp: () => Promise.reject(new Error('too early')) }, stop.signal);
    first.close();

    const second = open();
    expect(await second.enqueue(sampleTurn(2))).toBe('duplicate');
    await whileServing(second, logged(log), () => log.until('2#1'));
    expect(log.entries).toEqual(['1#1', '1#2', '2#1']);
    second.close();
  });

  it('forgets a handled update after 7 days and not before, and keeps nothing of it but its id', async () => {
    let nowMs = Date.UTC(2026, 0, 1);
    const queue = open({ now: () => nowMs });
    const log = new EventLog();
    await queue.enqueue(sampleTurn(1));
    await whileServing(queue, logged(log), () => log.until('1#1'));
    expect(inFile((file) => file.prepare('SELECT update_id, turn_json FROM turns').all())).toEqual([
      { update_id: 1, turn_json: null },
    ]);

    const prune = (): Promise<void> => whileServing(queue, {}, () => Promise.resolve());
    nowMs += 7 * 24 * 60 * 60 * 1000 - 1;
    await prune();
    expect(await queue.enqueue(sampleTurn(1))).toBe('duplicate');
    nowMs += 1;
    await prune();
    expect(await queue.enqueue(sampleTurn(1))).toBe('queued');
    queue.close();
  });

  it('never forgets a dead letter', async () => {
    let nowMs = Date.UTC(2026, 0, 1);
    const queue = open({ now: () => nowMs });
    const log = new EventLog();
    await queue.enqueue(sampleTurn(1));
    await queue.enqueue(sampleTurn(2));
    const handler = logged(log, ({ update_id: id }) => (id === 1 ? RETRY : { kind: 'done' }));
    await whileServing(queue, { ...handler, giveUp: () => Promise.resolve(undefined) }, () =>
      log.until('2#1'),
    );
    const diedAt = new Date(nowMs);
    nowMs += 365 * 24 * 60 * 60 * 1000;
    await whileServing(queue, {}, () => Promise.resolve());
    expect(await queue.deadLetters()).toEqual([{ turn: sampleTurn(1), diedAt }]);
    expect(await queue.enqueue(sampleTurn(1))).toBe('duplicate');
    queue.close();
  });

  it('says that it is unavailable when a turn could not be stored, and takes it later', async () => {
    const queue = open();
    inFile((file) =>
      file.exec(`CREATE TRIGGER full BEFORE INSERT ON turns BEGIN SELECT RAISE(ABORT, 'no space'); END`),
    );
    const refused = queue.enqueue(sampleTurn(1));
    await expect(refused).rejects.toBeInstanceOf(QueueUnavailableError);
    await expect(refused).rejects.toMatchObject({ retryable: true, cause: { name: 'SqliteFileError' } });
    inFile((file) => file.exec('DROP TRIGGER full'));
    expect(await queue.enqueue(sampleTurn(1))).toBe('queued');
    queue.close();
  });

  it('reports an error of the file while it is served and goes on when that is over', async () => {
    const reported = new EventLog();
    const queue = open({ onError: () => reported.add('error') });
    const log = new EventLog();
    await whileServing(queue, logged(log), async () => {
      inFile((file) =>
        file.exec(`CREATE TRIGGER full BEFORE UPDATE ON turns BEGIN SELECT RAISE(ABORT, 'no space'); END`),
      );
      await queue.enqueue(sampleTurn(1));
      await reported.until('error');
      inFile((file) => file.exec('DROP TRIGGER full'));
      await queue.enqueue(sampleTurn(2, OTHER_CHAT));
      await log.until('1#1');
    });
    queue.close();
  });

  it('makes a dead letter of what is no turn, reports it and goes on with the group', async () => {
    const queue = open();
    const log = new EventLog();
    for (const id of [1, 2, 3]) await queue.enqueue(sampleTurn(id));
    inFile((file) => {
      file.exec(`UPDATE turns SET turn_json = '{"update_id":1}' WHERE update_id = 1`);
      file.exec(`UPDATE turns SET turn_json = '{"upda' WHERE update_id = 2`);
    });
    await whileServing(queue, logged(log), () => log.until('3#1'));
    expect(log.entries).toEqual(['3#1']);
    expect(errors).toEqual([expect.any(UnreadableTurnError), expect.any(UnreadableTurnError)]);
    expect(errors).toMatchObject([{ cause: { name: 'ZodError' } }, { cause: { name: 'SyntaxError' } }]);

    expect(await queue.deadLetters()).toEqual([]);
    expect(errors).toHaveLength(4);
    const dead = inFile((file) => file.prepare(`SELECT turn_json FROM turns WHERE state = 'dead'`).all());
    expect(dead).toEqual([{ turn_json: '{"update_id":1}' }, { turn_json: '{"upda' }]);
    expect(await queue.redrive()).toBe(0);
    expect(await queue.redrive(1)).toBe(0);
    queue.close();
  });

  it('handles as many turns side by side as it was told to', async () => {
    const queue = open({ concurrency: 2 });
    const log = new EventLog();
    let running = 0;
    const seen: number[] = [];
    const ids = Array.from({ length: 8 }, (_, index) => index);
    for (const id of ids) await queue.enqueue(sampleTurn(id, { chat_id: String(id) }));
    const handler = logged(log);
    const handle: typeof handler.handle = async (...delivery) => {
      seen.push((running += 1));
      await eventLoopTurns(3);
      running -= 1;
      return handler.handle(...delivery);
    };
    await whileServing(queue, { handle }, async () => {
      await Promise.all(ids.map((id) => log.until(`${id}#1`)));
    });
    expect(Math.max(...seen)).toBe(2);
    queue.close();
  });

  it('does not close while it is served', async () => {
    const queue = open();
    await whileServing(queue, {}, () => {
      expect(() => queue.close()).toThrow(/still being served/);
      return Promise.resolve();
    });
    queue.close();
  });

  it('refuses a file of a newer release and leaves it as it is', () => {
    open().close();
    inFile((file) => file.exec('PRAGMA user_version = 9'));
    expect(() => open()).toThrow(NewerSchemaError);
    expect(() => open()).toThrow(/queue\.db has schema version 9.* up to 2/);
    expect(inFile((file) => file.prepare('PRAGMA user_version').get())).toEqual({ user_version: 9 });
  });
});
