import type { ProcessStat } from './process-group.ts';

/** A program to start, with its whole environment. */
export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What one run may touch; all paths are absolute. */
export interface Place {
  /** The session's home, in which everything lies that is written. */
  readonly root: string;
  /** Directories that are written, at the same path inside. */
  readonly writable: readonly string[];
  /** Files and directories that are read, at the same path inside. */
  readonly readable: readonly string[];
  /** What is `/tmp` inside, where there is a root of its own. */
  readonly temporary: string;
  /** A port of this server on 127.0.0.1 that stays reachable; undefined: none. */
  readonly loopbackPort: number | undefined;
}

/** The processes of a run at one moment. */
export interface Members {
  readonly all: readonly ProcessStat[];
  /** The ids of those that are ours: the CLI and what stands around it. The others are what its shell started. */
  readonly own: ReadonlySet<number>;
}

/** One run's sandbox. */
export interface Confinement {
  /** @returns the command that runs the given one inside. It writes a line to descriptor 3, if that is open, once it is inside. */
  wrap(command: Command): Command;
  /**
   * Ends everything inside, what left its process group too.
   * @param pid of the wrapped command, which leads a process group and ends by this, if it has not before.
   */
  kill(pid: number): Promise<void>;
  /** @param pid of the wrapped command. */
  membersOf(pid: number): Promise<Members>;
  /** Whether the kernel ended something of the run because its memory was used up; not there where the kernel keeps no such limit. */
  readonly wasOutOfMemory?: () => Promise<boolean>;
  /** Sets the run's share of the processors by what asks for them; not there where the kernel keeps no shares. */
  readonly giveWay?: (load: Load) => Promise<void>;
  /** Takes down what served the run from outside. Its processes must be gone. */
  close(): Promise<void>;
}

/** What asks for the processors in a run: its CLI alone, some commands of its shell, or so many of them that everything else waits for them. */
export type Load = 'alone' | 'commands' | 'crowd';

/** Port: what keeps a run from everything that is not its own. */
export interface Isolation {
  /** One sentence on what confines a run. */
  readonly means: string;
  /** Whether programs inside reach what this machine reaches, servers on its loopback included. */
  readonly isNetworkOn: boolean;
  /** True once something of a run may be left that others would meet: nothing more is run then, and the process is to end. */
  readonly isSpent?: boolean;
  /** @throws the system's error when the place cannot be readied. */
  open(place: Place): Promise<Confinement>;
}
