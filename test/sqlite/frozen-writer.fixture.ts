import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';

const PROGRAM = `
  import { DatabaseSync } from 'node:sqlite';
  const file = new DatabaseSync(process.argv[1]);
  file.exec('BEGIN IMMEDIATE');
  console.log('held');
  process.stdin.resume();
`;

/**
 * Starts a process that takes the write lock of a SQLite file, and freezes it; it does not outlive the test.
 * @returns what kills it, which frees the lock.
 */
export async function freezeWriter(path: string): Promise<() => Promise<void>> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', PROGRAM, path], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  onTestFinished(() => void child.kill('SIGKILL'));
  for await (const line of createInterface(child.stdout)) if (line === 'held') break;
  child.kill('SIGSTOP');
  return async () => {
    child.kill('SIGKILL');
    await exited;
  };
}
