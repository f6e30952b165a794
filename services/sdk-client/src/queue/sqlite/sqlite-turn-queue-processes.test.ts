import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { OTHER_CHAT, sampleTurn } from '../sample-turn.fixture.ts';
import { EventLog, logged, whileServing } from '../serving.fixture.ts';
import { SqliteTurnQueue } from './sqlite-turn-queue.ts';

const PROGRAM = fileURLToPath(new URL('./serving-process.fixture.ts', import.meta.url));

let directory: string;
let children: ChildProcess[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'turn-queue-'));
  children = [];
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await rm(directory, { recursive: true });
});

function open(now?: () => number): SqliteTurnQueue {
  const onError = (error: unknown): never => {
    throw new Error('The queue reported an error', { cause: error });
  };
  return new SqliteTurnQueue({ directory, onError, ...(now && { now }) });
}

/** @returns the process, its lines, and a promise of its end. */
function startServing(concurrency: number, sees: (line: string) => void = () => undefined) {
  const child = spawn(process.execPath, [PROGRAM, directory, String(concurrency)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.push(child);
  const lines = new EventLog();
  createInterface(child.stdout).on('line', (line) => {
    lines.add(line);
    sees(line);
  });
  return { child, lines, exited: once(child, 'exit') };
}

/** A shell that becomes a program which never asks how its children ended. */
function startParentOfServing() {
  const child = spawn(
    '/bin/sh',
    ['-c', '"$0" "$1" "$2" 1 <&3 & echo "pid $!"; exec sleep 60', process.execPath, PROGRAM, directory],
    { stdio: ['ignore', 'pipe', 'inherit', 'pipe'] },
  );
  children.push(child);
  const lines = new EventLog();
  let pid = NaN;
  if (child.stdout) {
    createInterface(child.stdout).on('line', (line) => {
      if (line.startsWith('pid ')) pid = Number(line.slice('pid '.length));
      lines.add(line);
    });
  }
  return {
    serves: async (name: string): Promise<number> => {
      await lines.until(`start ${name}`);
      return pid;
    },
  };
}

it('gives a turn whose process was killed out again at once, as the next try', async () => {
  // The visibility never ends on a clock that stands still: only the owner's death sets the turn free.
  const startedAtMs = Date.now();
  const queue = open(() => startedAtMs);
  await queue.enqueue(sampleTurn(1));
  const { child, lines, exited } = startServing(1);
  await lines.until('start 1#1');

  const log = new EventLog();
  await queue.enqueue(sampleTurn(2, OTHER_CHAT));
  await whileServing(queue, logged(log), () => log.until('2#1'));
  expect(log.entries).toEqual(['2#1']);

  child.kill('SIGKILL');
  expect(await exited).toEqual([null, 'SIGKILL']);
  await whileServing(queue, logged(log), () => log.until('1#2'));
  expect(log.entries).toEqual(['2#1', '1#2']);
  queue.close();
});

it('gives the turn of a process that is killed meanwhile out again, also while it is a zombie', async () => {
  const startedAtMs = Date.now();
  const queue = open(() => startedAtMs);
  await queue.enqueue(sampleTurn(1));
  const parent = startParentOfServing();
  const pid = await parent.serves('1#1');
  const log = new EventLog();
  await queue.enqueue(sampleTurn(2, OTHER_CHAT));
  await whileServing(queue, logged(log), async () => {
    await log.until('2#1');
    process.kill(pid, 'SIGKILL');
    await log.until('1#2');
    // Its parent does not ask how it ended.
    expect(process.kill(pid, 0)).toBe(true);
  });
  queue.close();
});

it('lets two processes share the work without ever handling one group at the same time', async () => {
  const queue = open();
  const chats = ['1', '2', '3', '4'];
  const ids = Array.from({ length: 60 }, (_, index) => index);
  const chatOf = (id: number): string => chats[id % chats.length] ?? '';
  for (const id of ids.slice(0, 30)) await queue.enqueue(sampleTurn(id, { chat_id: chatOf(id) }));

  const events = new EventLog();
  const failure = Promise.withResolvers<never>();
  const sees = (line: string): void => {
    events.add(line);
    if (line.startsWith('error')) failure.reject(new Error(line));
  };
  const processes = [1, 2].map(() => startServing(2, sees));
  // Each takes two chats at first, so that both have a part in it.
  await Promise.race([failure.promise, Promise.all([0, 1, 2, 3].map((id) => events.until(`start ${id}#1`)))]);
  for (const { lines } of processes) expect(lines.entries).toHaveLength(2);
  for (const { child } of processes) child.stdin.write('go\n');
  for (const id of ids.slice(30)) await queue.enqueue(sampleTurn(id, { chat_id: chatOf(id) }));
  await Promise.race([failure.promise, Promise.all(ids.map((id) => events.until(`end ${id}#1`)))]);
  for (const { child } of processes) child.stdin.write('stop\n');
  for (const { exited } of processes) expect(await exited).toEqual([0, null]);

  expect(events.entries).toHaveLength(2 * ids.length);
  for (const chat of chats) {
    const order = await readFile(join(directory, `${chat}.order`), 'utf8');
    const expected = ids.filter((id) => chatOf(id) === chat).map((id) => `${id}#1\n`);
    expect(order).toBe(expected.join(''));
  }
  queue.close();
});
