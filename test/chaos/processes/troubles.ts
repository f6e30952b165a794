// the harness → a message → this process has another time, or no space on its disk; loaded before anything else that asks for either
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { StatementSync } from 'node:sqlite';
import { z } from 'zod';

const trouble = z.union([
  /** The clock of the process is this far ahead of the machine's, in ms. */
  z.object({ trouble: z.literal('clock'), aheadMs: z.number() }),
  /** Whether every write fails as on a full disk. */
  z.object({ trouble: z.literal('disk'), isFull: z.boolean() }),
]);
export type Trouble = z.infer<typeof trouble>;

/** SQLITE_FULL (https://sqlite.org/rescode.html#full). */
const SQLITE_FULL = 13;
const WRITES = /^\s*(?:insert|update|delete|replace)\b/i;

let isFull = false;
let aheadMs = 0;

function noSpace(): Error {
  return Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC', errno: -28 });
}

/** Gives this process a clock of its own, which is the machine's until a message sets it. */
function ownClock(): void {
  const RealDate = globalThis.Date;
  const realNow = RealDate.now.bind(RealDate);
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args: unknown[], newTarget) =>
      Reflect.construct(target, args.length === 0 ? [realNow() + aheadMs] : args, newTarget) as object,
    get: (target, property) =>
      property === 'now' ? () => realNow() + aheadMs : (Reflect.get(target, property) as unknown),
  });
}

/** Lets what writes to files and databases fail while the disk is said to be full. */
function ownDisk(): void {
  for (const name of ['writeFile', 'appendFile', 'mkdir', 'copyFile', 'rename'] as const) {
    const real = fs.promises[name] as (...args: unknown[]) => Promise<unknown>;
    Object.assign(fs.promises, {
      [name]: (...args: unknown[]) => (isFull ? Promise.reject(noSpace()) : real(...args)),
    });
  }
  const open = fs.promises.open.bind(fs.promises);
  fs.promises.open = (path, flags, ...rest) =>
    isFull && flags !== undefined && flags !== 'r' ? Promise.reject(noSpace()) : open(path, flags, ...rest);
  syncBuiltinESMExports();
  for (const name of ['run', 'get', 'all'] as const) {
    const real = Reflect.get(StatementSync.prototype, name) as (...args: unknown[]) => unknown;
    Object.assign(StatementSync.prototype, {
      [name](this: StatementSync, ...args: unknown[]) {
        if (isFull && WRITES.test(this.sourceSQL))
          throw Object.assign(new Error('database or disk is full'), {
            code: 'ERR_SQLITE_ERROR',
            errcode: SQLITE_FULL,
          });
        return Reflect.apply(real, this, args);
      },
    });
  }
}

ownClock();
ownDisk();
process.on('message', (message) => {
  const { data } = trouble.safeParse(message);
  if (data?.trouble === 'clock') ({ aheadMs } = data);
  else if (data?.trouble === 'disk') ({ isFull } = data);
});
