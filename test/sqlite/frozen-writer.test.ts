import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteSessionLeases } from '@omnicloud/agent-container';
import type { Turn } from '@omnicloud/protocol';
import { SqliteTurnLedger, SqliteTurnQueue } from '@omnicloud/sdk-client';
import { SqliteSessionTable, SqliteStopRequests } from '@omnicloud/storage';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { freezeWriter } from './frozen-writer.fixture.ts';

const BUSY = { name: 'SqliteFileError', code: 'file_busy', retryable: true };
const TURN: Turn = {
  update_id: 1,
  chat_id: '1',
  chat_type: 'private',
  thread_id: null,
  is_forum: false,
  message_id: 1,
  sender: { id: '1', name: 'Ada' },
  received_at: '2026-01-01T00:00:00Z',
  ask: { kind: 'message', text: 'hello' },
};

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'frozen-writer-'));
});
afterEach(() => rm(directory, { recursive: true }));

/** Closes it before its folder is removed. */
function open<Store extends { close(): void }>(store: Store): Store {
  onTestFinished(() => store.close());
  return store;
}

const failLoudly = (error: unknown): never => {
  throw new Error('The queue reported an error', { cause: error });
};

interface Case {
  readonly file: string;
  readonly refusal: object;
  /** @returns what writes, again and again the same. */
  readonly writer: () => () => Promise<unknown>;
}

const CASES: Record<string, Case> = {
  'the queue, so that Telegram sends the update again': {
    file: 'queue.db',
    refusal: { code: 'queue_unavailable', retryable: true, cause: BUSY },
    writer: () => {
      const queue = open(new SqliteTurnQueue({ directory, onError: failLoudly }));
      return () => queue.enqueue(TURN);
    },
  },
  'the leases, so that the turn is tried again': {
    file: 'leases.db',
    refusal: { code: 'store_unavailable', retryable: true, cause: BUSY },
    writer: () => {
      const leases = open(new SqliteSessionLeases({ directory }));
      return () => leases.acquire('session', 'one', 1);
    },
  },
  'the ledger, so that the turn is tried again': {
    file: 'ledger.db',
    refusal: BUSY,
    writer: () => {
      const ledger = open(new SqliteTurnLedger(directory));
      const begun = { version: 1, delivery: 'one', undecidableSends: 0, deferrals: 0, posted: [] };
      return () => ledger.save(1, { state: 'running', ...begun });
    },
  },
  'the table of sessions, so that the turn is tried again': {
    file: 'sessions.db',
    refusal: BUSY,
    writer: () => {
      const table = open(new SqliteSessionTable({ directory }));
      return () => table.forget('1:0', 'session');
    },
  },
  'the stop requests, so that Telegram sends the update again': {
    file: 'stops.db',
    refusal: BUSY,
    writer: () => {
      const stops = open(new SqliteStopRequests({ directory }));
      return () => stops.request('1:0', 1);
    },
  },
};

describe('While another process is frozen in the middle of a write', () => {
  it.each(Object.entries(CASES))('a write fails as what may succeed later: %s', async (_, testCase) => {
    const write = testCase.writer();
    const thaw = await freezeWriter(join(directory, testCase.file));
    await expect(write()).rejects.toMatchObject(testCase.refusal);
    await thaw();
    await write();
  });

  it('what was stored can be opened and read', async () => {
    const table = open(new SqliteSessionTable({ directory }));
    const stops = open(new SqliteStopRequests({ directory }));
    await stops.request('1:0', 7);
    await freezeWriter(join(directory, 'stops.db'));
    await freezeWriter(join(directory, 'sessions.db'));
    expect(await open(new SqliteStopRequests({ directory })).isStopped('1:0', 6)).toBe(true);
    expect(await table.find('1:0')).toBeUndefined();
    expect(await open(new SqliteSessionTable({ directory })).find('1:0')).toBeUndefined();
  });

  it('a turn whose end cannot be written down is given out again later', async () => {
    let thaw: (() => Promise<void>) | undefined;
    const errors: unknown[] = [];
    const onError = (error: unknown): void => {
      errors.push(error);
      void thaw?.();
    };
    const queue = open(new SqliteTurnQueue({ directory, onError, visibilityMs: 1_000 }));
    await queue.enqueue(TURN);
    const stop = new AbortController();
    const tries: number[] = [];
    const handle = async (_: Turn, attempt: number): Promise<{ kind: 'done' }> => {
      tries.push(attempt);
      if (attempt === 1) thaw = await freezeWriter(join(directory, 'queue.db'));
      else stop.abort();
      return { kind: 'done' };
    };
    const handler = {
      handle,
      deferrals: () => Promise.resolve(0),
      giveUp: () => Promise.reject(new Error('too early')),
    };
    await queue.serve(handler, stop.signal);
    expect(tries).toEqual([1, 2]);
    expect(errors).toContainEqual(expect.objectContaining(BUSY));
    expect(await queue.waiting('1:0')).toBe(0);
    expect(await queue.deadLetters()).toEqual([]);
  });
});
