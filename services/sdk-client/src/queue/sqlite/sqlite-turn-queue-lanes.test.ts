import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Turn } from '@omnicloud/protocol';
import { sampleTurn, TO_HELP } from '../sample-turn.fixture.ts';
import { DONE, EventLog, eventLoopTurns, whileServing } from '../serving.fixture.ts';
import { SqliteTurnQueue } from './sqlite-turn-queue.ts';
import type { Outcome } from '../turn-queue.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'turn-queue-'));
});
afterEach(() => rm(directory, { recursive: true }));

function open(concurrency: number): SqliteTurnQueue {
  const onError = (error: unknown): never => {
    throw new Error('The queue reported an error', { cause: error });
  };
  return new SqliteTurnQueue({ directory, onError, concurrency });
}

/** A handler whose turns end when told to, and after `endAll` at once. */
function heldBack(log: EventLog) {
  const ends = new Map<number, (outcome: Outcome) => void>();
  let isOver = false;
  return {
    handle: ({ update_id: id, ask }: Turn): Promise<Outcome> => {
      log.add(`start ${id}`);
      if (ask.kind === 'command' || isOver) return Promise.resolve(DONE);
      return new Promise((resolve) => ends.set(id, resolve));
    },
    end: (id: number) => ends.get(id)?.(DONE),
    endAll: () => {
      isOver = true;
      for (const end of ends.values()) end(DONE);
    },
  };
}

it('answers what touches no session although turns of other chats take every slot', async () => {
  const queue = open(2);
  const log = new EventLog();
  const turns = heldBack(log);
  for (const id of [1, 2, 3, 4]) await queue.enqueue(sampleTurn(id, { chat_id: String(id) }));
  await whileServing(queue, turns, async () => {
    await log.until('start 2');
    await queue.enqueue(sampleTurn(5, { chat_id: '9', ...TO_HELP }));
    await log.until('start 5');
    expect(log.entries).toEqual(['start 1', 'start 2', 'start 5']);
    turns.end(1);
    turns.end(2);
    await log.until('start 4');
    turns.endAll();
  });
  queue.close();
});

it('leaves a slot for the single message of another chat when a group has twenty busy topics', async () => {
  const queue = open(4);
  const log = new EventLog();
  const turns = heldBack(log);
  for (let id = 1; id <= 20; id += 1) {
    await queue.enqueue({ ...sampleTurn(id, { chat_id: '-100' }), thread_id: String(id) });
  }
  await whileServing(queue, turns, async () => {
    await log.until('start 3');
    await eventLoopTurns(5);
    expect(log.entries).toHaveLength(3);
    await queue.enqueue(sampleTurn(21, { chat_id: '7' }));
    await log.until('start 21');
    turns.end(21);
    // The slot that one chat may not take stays free for the next one.
    await queue.enqueue(sampleTurn(22, { chat_id: '8' }));
    await log.until('start 22');
    turns.endAll();
    await log.until('start 20');
  });
  queue.close();
});

it('serves chats in turn when every slot was taken, however much one of them queued before', async () => {
  const queue = open(2);
  const log = new EventLog();
  const turns = heldBack(log);
  for (let id = 1; id <= 6; id += 1) {
    await queue.enqueue({ ...sampleTurn(id, { chat_id: '-100' }), thread_id: String(id) });
  }
  for (const id of [11, 12]) await queue.enqueue(sampleTurn(id, { chat_id: String(id) }));
  await whileServing(queue, turns, async () => {
    await log.until('start 11');
    turns.end(11);
    await log.until('start 12');
    expect(log.entries).toEqual(['start 1', 'start 11', 'start 12']);
    turns.endAll();
    await log.until('start 6');
  });
  queue.close();
});
