import { type ChildProcess, spawn } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { SpawnedProcess, SpawnOptions } from '@anthropic-ai/claude-agent-sdk';
import { AgentError } from '../../errors.ts';
import type { SessionHome } from '../../session/home/session-home.ts';
import { CliChannel } from './cli-channel.ts';
import type { Confinement } from '../isolation/isolation.ts';
import { OutputGate } from './output-gate.ts';
import type { OutputLimits } from './output-limits.ts';
import { killGroup } from '../isolation/process-group.ts';

const STDERR_LIMIT = 8 * 1024;
const STANDARD: ['pipe', 'pipe', 'pipe'] = ['pipe', 'pipe', 'pipe'];

/** The CLI process of one run. */
export interface CliProcess {
  /**
   * For `spawnClaudeCodeProcess`.
   * @throws AgentError `agent_crashed` when the system starts no process now.
   */
  spawn(options: SpawnOptions): SpawnedProcess;
  /** The end of what it wrote to stderr. */
  stderr(): string;
  /** Why it was ended by us, or could not be started, if that is so. */
  failure(): AgentError | undefined;
  /** False as long as its sandbox, if it has one, was not entered. */
  hasBegun(): boolean;
  /** Ends whatever is left of it, its children too, and waits until it is gone. */
  end(): Promise<void>;
}

interface CliProcessOptions {
  /** What it is run inside, closed when it has ended; undefined: it runs as this process does. */
  readonly confinement?: Confinement | undefined;
  /** Shut while nobody reads its messages; always open unless given. */
  readonly gate?: OutputGate;
  readonly limits?: OutputLimits | undefined;
  /** Called when its output ends, and when the process itself does. */
  readonly onLastWord?: (() => void) | undefined;
}

/**
 * The CLI runs in a process group of its own: a Ctrl-C in the terminal is ours to handle, and its group can be killed as one. It is ended
 * at once when it writes what no CLI writes.
 */
export function cliProcess(
  home: SessionHome,
  { confinement, gate = new OutputGate(), limits, onLastWord = () => undefined }: CliProcessOptions = {},
): CliProcess {
  let child: ChildProcess | undefined;
  let stderr = '';
  let hasBegun = false;
  let failure: AgentError | undefined;
  let ending: Promise<void> = Promise.resolve();
  let recorded: Promise<void> = Promise.resolve();
  const killNow = async (): Promise<void> => {
    if (child?.pid === undefined || hasEnded(child)) return;
    if (confinement) await confinement.kill(child.pid);
    else killGroup(child.pid);
  };
  const fail = (error: unknown): void => {
    failure ??= error instanceof AgentError ? error : notStarted(error);
  };
  const channel = new CliChannel({
    gate,
    limits,
    onViolation: (error) => {
      fail(error);
      // What fails here is tried again at the end, and heard of there.
      ending = killNow().catch(() => undefined);
    },
  });
  return {
    spawn({ signal, cwd = home.workspace, ...given }) {
      const outer = { ...given, cwd };
      let started: ChildProcess;
      try {
        const { command, args, ...place } = confinement ? confinement.wrap(outer) : outer;
        started = spawn(command, args, {
          ...place,
          signal,
          stdio: [...STANDARD, ...(confinement ? (['pipe'] as const) : [])] as unknown as typeof STANDARD,
          detached: true,
        });
      } catch (error) {
        // For want of memory, for example.
        failure = notStarted(error);
        throw failure;
      }
      // One that could not be started says so only here; what the SDK makes of it is not for us to rely on.
      started.on('error', (error) => {
        if (started.pid === undefined) fail(error);
      });
      child = started;
      hasBegun = !confinement;
      const { stdin, stdout } = started;
      // For want of descriptors or processes, the reason follows as an event.
      if (!stdin || !stdout || !started.stderr)
        throw notStarted(new Error('The system gives no process now'));
      for (const stream of started.stdio) stream?.on('error', () => undefined);
      const entered = (started.stdio as readonly unknown[])[3] as Readable | undefined;
      entered?.once('data', () => {
        hasBegun = true;
      });
      started.stderr.setEncoding('utf8').on('data', (text: string) => {
        stderr = (stderr + text).slice(-STDERR_LIMIT);
      });
      if (started.pid !== undefined) {
        recorded = writeFile(home.processFile, String(started.pid), { mode: 0o600 });
        // Heard of at the end.
        recorded.catch(() => undefined);
      }
      stdout.once('close', onLastWord);
      started.once('exit', onLastWord);
      started.stdout = channel.outputOf(stdout);
      started.stdin = channel.inputOf(stdin);
      return started as SpawnedProcess & ChildProcess;
    },
    stderr: () => stderr.trim(),
    failure: () => failure,
    hasBegun: () => hasBegun,
    async end() {
      channel.close();
      await ending;
      try {
        await recorded;
      } finally {
        if (child?.pid !== undefined) {
          const ended = hasEnded(child) ? undefined : new Promise((resolve) => child?.once('exit', resolve));
          if (!confinement) killGroup(child.pid);
          else if (ended) await confinement.kill(child.pid);
          await ended;
        }
        // What nobody has read of it would keep its descriptors open.
        for (const stream of child?.stdio ?? []) stream?.destroy();
        await confinement?.close();
      }
      await rm(home.processFile, { force: true });
    },
  };
}

function notStarted(cause: unknown): AgentError {
  return new AgentError('agent_crashed', 'The agent process could not be started', { cause });
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
