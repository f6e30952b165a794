/**
 * A process that waits for a line on its input, then asks for each session in the comma-separated list of its second argument,
 * in the directory of its first. It writes `ready` at its start and `won <session>` for each session that it was given.
 */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { SqliteSessionLeases } from './sqlite-session-leases.ts';

const leases = new SqliteSessionLeases({ directory: process.argv[2] ?? '' });
console.log('ready');
await once(createInterface(process.stdin), 'line');
for (const sessionId of (process.argv[3] ?? '').split(',')) {
  const acquired = await leases.acquire(sessionId, `process ${process.pid}`, 60_000);
  if ('lease' in acquired) console.log(`won ${sessionId}`);
}
leases.close();
process.stdin.destroy();
