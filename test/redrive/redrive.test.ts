import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Turn } from '@omnicloud/protocol';
import { SqliteTurnQueue } from '@omnicloud/sdk-client';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { letDie as letDieIn, redriveIn, writeEnvFile } from './run-redrive.fixture.ts';

let directory: string;
let queue: SqliteTurnQueue;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'redrive-'));
  await writeEnvFile(directory, { DATA_DIR: directory });
  const onError = (error: unknown): never => {
    throw new Error('The queue reported an error', { cause: error });
  };
  queue = new SqliteTurnQueue({ directory, onError, retryDelayMs: () => 0 });
});
afterEach(async () => {
  queue.close();
  await rm(directory, { recursive: true });
});

const redrive = (...args: string[]): Promise<string[]> => redriveIn(directory, ...args);
const letDie = (updateId: number, changes: Partial<Turn>): Promise<void> =>
  letDieIn(queue, updateId, changes);
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
  const handler = {
    handle,
    deferrals: () => Promise.resolve(0),
    giveUp: () => Promise.reject(new Error('too early')),
  };
  await queue.serve(handler, stop.signal);
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

it('counts what cannot be read, and leaves it where it is', async () => {
  for (const id of [1, 2]) await letDie(id, {});
  const file = new DatabaseSync(join(directory, 'queue.db'));
  file.exec("UPDATE turns SET turn_json = '{}' WHERE update_id = 1");
  file.close();
  const unreadable = '1 cannot be read and stay where they are';
  expect((await redrive('--list')).slice(1)).toEqual([`1 dead in ${directory}`, unreadable]);
  expect(await redrive()).toEqual([`1 went back to the queue in ${directory}`, unreadable]);
  expect(await redrive('--list')).toEqual([`0 dead in ${directory}`, unreadable]);
});

it('names every setting that the queue lacks with STORE=aws, and none that it does not need', async () => {
  await writeEnvFile(directory, { STORE: 'aws', DEAD_LETTER_QUEUE_URL: 'nowhere' });
  await expect(redrive('--list')).rejects.toMatchObject({
    code: 1,
    stderr: `Settings that are wrong or missing:
  - QUEUE_URL is required with STORE=aws, and must be the URL of a FIFO queue
  - DEAD_LETTER_QUEUE_URL must be the URL of a FIFO queue
`,
  });
});

it.each(['--list', '1'])(
  'says in one line that the queue cannot be reached, when asked for %s',
  async (args) => {
    await writeEnvFile(directory, {
      STORE: 'aws',
      // Nobody listens on the discard port of this machine.
      QUEUE_URL: 'http://127.0.0.1:9/0/turns.fifo',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    });
    await expect(redrive(args)).rejects.toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^The queue cannot be used: .*ECONNREFUSED.*\n$/) as string,
    });
  },
);
