/**
 * A process that serves the queue in the directory of its first argument, as many turns side by side as its second one says.
 * It writes `start 1#2` (update 1, try 2) and `end 1#2`, ends no turn before it reads `go`, and stops when it reads `stop`.
 */
import { appendFileSync, openSync, closeSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { eventLoopTurns } from '../serving.fixture.ts';
import { SqliteTurnQueue } from './sqlite-turn-queue.ts';

const directory = process.argv[2] ?? '';
const queue = new SqliteTurnQueue({
  directory,
  concurrency: Number(process.argv[3]),
  onError: (error) => console.log(`error ${String(error)}`),
});
const stop = new AbortController();
const go = Promise.withResolvers<undefined>();
const input = createInterface(process.stdin).on('line', (line) => {
  if (line === 'go') go.resolve(undefined);
  if (line === 'stop') stop.abort();
});

await queue.serve(
  {
    handle: async (turn, attempt) => {
      const name = `${turn.update_id}#${attempt}`;
      // Creating the lock fails, and with it the test, when anyone else handles a turn of this chat.
      const lock = join(directory, `${turn.chat_id}.lock`);
      closeSync(openSync(lock, 'wx'));
      console.log(`start ${name}`);
      await go.promise;
      await eventLoopTurns(turn.update_id % 4);
      appendFileSync(join(directory, `${turn.chat_id}.order`), `${name}\n`);
      unlinkSync(lock);
      console.log(`end ${name}`);
      return { kind: 'done' };
    },
    giveUp: () => Promise.resolve(undefined),
  },
  stop.signal,
);
queue.close();
input.close();
