import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Turn } from '@omnicloud/protocol';
import { SqliteTurnQueue } from '@omnicloud/sdk-client';
import { afterEach, beforeEach, expect, it } from 'vitest';

const SCRIPT = join(import.meta.dirname, '..', '..', 'scripts', 'redrive.ts');
const run = promisify(execFile);

let directory: string;
let queue: SqliteTurnQueue;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'redrive-'));
  await writeFile(join(directory, '.env'), `DATA_DIR='${directory}'\n`);
  const onError = (error: unknown): never => {
    throw new Error('The queue reported an error', { cause: error });
  };
  queue = new SqliteTurnQueue({ directory, onError, retryDelayMs: () => 0 });
});
afterEach(async () => {
  queue.close();
  await rm(directory, { recursive: true });
});

/** Runs the script in the folder, where an `.env` names it. @returns its lines. */
async function redrive(...args: string[]): Promise<string[]> {
  const env = { PATH: process.env.PATH };
  const { stdout } = await run(process.execPath, [SCRIPT, ...args], { cwd: directory, env });
  return stdout.trimEnd().split('\n');
}

/** Queues a turn and lets it die. */
async function letDie(updateId: number, changes: Partial<Turn>): Promise<void> {
  await queue.enqueue({
    update_id: updateId,
    chat_id: '-1001234567890',
    chat_type: 'supergroup',
    thread_id: null,
    is_forum: false,
    message_id: updateId,
    sender: { id: '1', name: 'Ada' },
    received_at: '2026-01-01T00:00:00Z',
    ask: { kind: 'message', text: 'hello' },
    ...changes,
  });
  const stop = new AbortController();
  const giveUp = (): Promise<void> => {
    stop.abort();
    return Promise.resolve();
  };
  await queue.serve({ handle: () => Promise.resolve({ kind: 'retry' }), giveUp }, stop.signal);
}

const deadIds = async (): Promise<number[]> => (await queue.deadLetters()).map(({ turn }) => turn.update_id);

it('lists nothing of an empty queue and puts nothing back', async () => {
  expect(await redrive('--list')).toEqual([`0 dead in ${directory}`]);
  expect(await redrive()).toEqual([`0 went back to the queue in ${directory}`]);
});

it('lists update, chat, time of death and the first 60 characters on one line each, and changes nothing', async () => {
  const text = `first line\n\tsecond\u001b[2J ${'🚀'.repeat(60)}`;
  await letDie(1, { thread_id: '7', is_forum: true, ask: { kind: 'message', text } });
  await letDie(2, { chat_id: '5', ask: { kind: 'command', command: 'new', text: 'question' } });
  await letDie(3, { chat_id: '5', ask: { kind: 'refusal', reason: 'stranger' } });
  const died = (await queue.deadLetters()).map(({ diedAt }) => diedAt.toISOString());
  const beginning = 'first line second [2J ';
  expect(await redrive('--list')).toEqual([
    `update 1, chat -1001234567890:7, died ${died[0] ?? ''}: ${beginning}${'🚀'.repeat(60 - beginning.length)}`,
    `update 2, chat 5, died ${died[1] ?? ''}: /new question`,
    `update 3, chat 5, died ${died[2] ?? ''}: (stranger)`,
    `3 dead in ${directory}`,
  ]);
  expect(await deadIds()).toEqual([1, 2, 3]);
});

it('puts back one update or all of them, which are then tried from the start', async () => {
  for (const id of [1, 2, 3]) await letDie(id, {});
  expect(await redrive('2')).toEqual([`1 went back to the queue in ${directory}`]);
  expect(await deadIds()).toEqual([1, 3]);
  expect(await redrive()).toEqual([`2 went back to the queue in ${directory}`]);
  expect(await deadIds()).toEqual([]);

  const stop = new AbortController();
  const tries: string[] = [];
  const handle = ({ update_id: id }: Turn, attempt: number): Promise<{ kind: 'done' }> => {
    tries.push(`${id}#${attempt}`);
    if (tries.length === 3) stop.abort();
    return Promise.resolve({ kind: 'done' });
  };
  await queue.serve({ handle, giveUp: () => Promise.reject(new Error('too early')) }, stop.signal);
  expect(tries).toEqual(['2#1', '1#1', '3#1']);
});

it.each([['--lits'], ['--list 1']])(
  'explains itself and changes nothing when it is asked for %s',
  async (args) => {
    await letDie(1, {});
    await expect(redrive(...args.split(' '))).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^Usage: npm run redrive/) as string,
    });
    expect(await deadIds()).toEqual([1]);
  },
);
