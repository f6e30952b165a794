/** A program to start, with its whole environment. */
export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What one run may touch; all paths are absolute. */
export interface Place {
  /** Directories that are written, at the same path inside. */
  readonly writable: readonly string[];
  /** Files and directories that are read, at the same path inside. */
  readonly readable: readonly string[];
  /** What is `/tmp` inside. */
  readonly temporary: string;
  /** A port of this server on 127.0.0.1 that stays reachable; undefined: none. */
  readonly loopbackPort: number | undefined;
}

/** One run's sandbox. */
export interface Cell {
  /** @returns the command that runs the given one inside. */
  wrap(command: Command): Command;
  /** Takes down what served the run from outside. Its processes must be gone. */
  close(): Promise<void>;
}

/** Port: what keeps a run from everything that is not its own. */
export interface Isolation {
  /** @throws the system's error when the place cannot be readied. */
  open(place: Place): Promise<Cell>;
}
