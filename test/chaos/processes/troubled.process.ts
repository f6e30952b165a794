// a process that tells what time it has, and what its writes to a file and to a database end with, after every message
import './troubles.ts';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const [, , folder = ''] = process.argv;
const database = new DatabaseSync(join(folder, 'a.db'));
database.exec('CREATE TABLE a (b INTEGER)');
const insert = database.prepare('INSERT INTO a VALUES (1)');

/** @returns the code of the error that it ends with, null for none. */
async function codeOf(call: () => unknown): Promise<string | null> {
  try {
    await call();
    return null;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  }
}

process.on('message', () => {
  void (async () => {
    const codes = [
      await codeOf(() => writeFile(join(folder, 'a.txt'), 'a')),
      await codeOf(() => insert.run()),
    ];
    const realMs = performance.timeOrigin + performance.now();
    process.send?.({ aheadMs: new Date().getTime() - realMs, codes });
  })();
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
