/**
 * A process that waits for a line on its input, then increments the object `sessions/a/count` of the directory store in its
 * first argument as many times as its second one says. It writes `ready` at its start.
 */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { DirectorySessionStore } from './directory-session-store.ts';
import { increment } from './increment.fixture.ts';

const store = new DirectorySessionStore(process.argv[2] ?? '');
console.log('ready');
await once(createInterface(process.stdin), 'line');
for (let left = Number(process.argv[3]); left > 0; left -= 1) await increment(store, 'sessions/a/count');
process.stdin.destroy();
