import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

export interface StartedProcess {
  /** Reads lines of its output up to the given one. @throws when the output ends before. */
  readonly until: (line: string) => Promise<void>;
  /** @returns the lines that were not read yet, when the process has ended by itself. @throws when it failed. */
  readonly rest: () => Promise<string[]>;
  readonly tell: (line: string) => void;
  /** Ends it as a crash would, and waits until it is gone. */
  readonly kill: () => Promise<void>;
}

/**
 * Starts a program of this folder or its rooms in a process of its own; it does not outlive the test.
 * @param program relative to this folder.
 */
export function startProcess(program: string, args: readonly string[]): StartedProcess {
  const path = fileURLToPath(new URL(program, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const exited = once(child, 'exit');
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    until: async (wanted) => {
      for (;;) {
        const { value, done } = await lines.next();
        if (done) throw new Error(`The process ended without writing "${wanted}"`);
        if (value === wanted) return;
      }
    },
    rest: async () => {
      const read: string[] = [];
      for (let next = await lines.next(); !next.done; next = await lines.next()) read.push(next.value);
      const [code] = (await exited) as [number | null];
      if (code !== 0) throw new Error(`The process ended with ${String(code)}`);
      return read;
    },
    tell: (line) => child.stdin.write(`${line}\n`),
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
