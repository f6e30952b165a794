/** A process that takes the lock in its first argument, writes `held`, and lives on until it is killed. */
import { takeObjectLock } from './object-lock.ts';

await takeObjectLock(process.argv[2] ?? '', 0);
console.log('held');
process.stdin.resume();
