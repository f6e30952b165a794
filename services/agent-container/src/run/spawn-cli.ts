import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import type { SpawnedProcess, SpawnOptions } from '@anthropic-ai/claude-agent-sdk';
import type { SessionHome } from '../session/session-home.ts';
import type { Cell } from './isolation/isolation.ts';
import { gone, killGroup } from './process-group.ts';

const STDERR_LIMIT = 8 * 1024;
const STANDARD: ['pipe', 'pipe', 'pipe'] = ['pipe', 'pipe', 'pipe'];

/** The CLI process of one run. */
export interface CliProcess {
  /** For `spawnClaudeCodeProcess`. */
  spawn(options: SpawnOptions): SpawnedProcess;
  /** The end of what it wrote to stderr. */
  stderr(): string;
  /** False as long as its sandbox, if it has one, was not entered. */
  hasBegun(): boolean;
  /** Ends whatever is left of it, its children too, and waits until it is gone. */
  end(): Promise<void>;
}

/**
 * The CLI runs in a process group of its own: a Ctrl-C in the terminal is ours to handle, and its group can be killed as one.
 * @param cell what it is run inside, closed when it has ended; undefined: it runs as this process does.
 */
export function cliProcess(home: SessionHome, cell?: Cell): CliProcess {
  let child: ChildProcess | undefined;
  let stderr = '';
  let hasBegun = false;
  let recorded: Promise<void> = Promise.resolve();
  return {
    spawn({ signal, cwd = home.workspace, ...given }) {
      const outer = { ...given, cwd };
      const { command, args, ...place } = cell ? cell.wrap(outer) : outer;
      const started = spawn(command, args, {
        ...place,
        signal,
        stdio: [...STANDARD, ...(cell ? (['pipe'] as const) : [])] as unknown as typeof STANDARD,
        detached: true,
      });
      child = started;
      hasBegun = !cell;
      const entered = (started.stdio as readonly unknown[])[3] as Readable | undefined;
      entered?.once('data', () => {
        hasBegun = true;
      });
      started.stderr.setEncoding('utf8').on('data', (text: string) => {
        stderr = (stderr + text).slice(-STDERR_LIMIT);
      });
      if (started.pid !== undefined)
        recorded = writeFile(home.processFile, String(started.pid), { mode: 0o600 });
      return started;
    },
    stderr: () => stderr.trim(),
    hasBegun: () => hasBegun,
    async end() {
      await recorded;
      if (child?.pid !== undefined) {
        const ended = hasEnded(child) ? undefined : new Promise((resolve) => child?.once('exit', resolve));
        if (!cell) killGroup(child.pid);
        else if (ended) await cell.kill(child.pid);
        await ended;
      }
      await cell?.close();
      await rm(home.processFile, { force: true });
    },
  };
}

/**
 * A server that was killed leaves its busy CLI running, which would go on writing into the session's home.
 * Ends it before the session is restored there.
 */
export async function endLeftoverCli(home: SessionHome): Promise<void> {
  const pid = Number(await readFile(home.processFile, 'utf8').catch(undefinedWhenMissing));
  if (!Number.isInteger(pid) || pid <= 1) return;
  // Process ids are used again: only a process that was started for this very session is ours.
  if ((await commandLine(pid)).includes(home.sessionId)) {
    killGroup(pid);
    await gone(pid);
  }
  await rm(home.processFile, { force: true });
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** @returns the process's arguments; empty when there is no such process or the platform has no `ps`. */
async function commandLine(pid: number): Promise<string> {
  // Slim images have no `ps`, but Linux has this.
  if (process.platform === 'linux') {
    const read = readFile(`/proc/${pid}/cmdline`, 'utf8');
    return (await read.catch(undefinedWhenMissing)) ?? '';
  }
  const ps = promisify(execFile)('ps', ['-ww', '-o', 'args=', '-p', String(pid)]);
  return ps.then(
    ({ stdout }) => stdout,
    () => '',
  );
}

function undefinedWhenMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}
