import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { Turn } from '@omnicloud/protocol';
import { openSqliteFile } from '@omnicloud/storage';
import { QueueUnavailableError } from '../../errors.ts';
import type { ChatShares } from './choose-next.ts';
import { readTurn } from '../read-turn.ts';
import { retryDelayMs } from '../retry-delay.ts';
import type { DeadLetter, TurnHandler, TurnQueue } from '../turn-queue.ts';
import { SqliteWaitingLine } from './sqlite-waiting-line.ts';
import { TURN_MIGRATIONS } from './turn-migrations.ts';
import { TurnRows } from './turn-rows.ts';
import { TurnWorker, type WorkerOptions } from './turn-worker.ts';
import type { WaitingLine } from '../waiting-line.ts';

const FILE_NAME = 'queue.db';
const LOSS = 'messages that are not answered yet, and the dead letters, are lost';
const DEFAULTS = {
  concurrency: 8,
  visibilityMs: 30_000,
  retryDelayMs,
  now: () => Date.now(),
  monotonicNow: () => performance.now(),
};

export interface SqliteTurnQueueOptions {
  /** Where `queue.db` lies; created when missing. It must be on a disk of this machine: SQLite's locks need that. */
  directory: string;
  /** Hears of every error that the queue goes on after; must not throw. The turn is missing when the error concerns none. */
  onError: (error: unknown, turn: Turn | undefined) => void;
  /**
   * How many turns one `serve` call handles side by side; 8 unless told otherwise. What touches no session is not counted: it has slots of
   * its own.
   */
  concurrency?: number;
  /** How long to wait after the given failed try (from 1), in ms; 1 s, 4 s, 16 s … ± 20 % unless told otherwise. */
  retryDelayMs?: (attempt: number) => number;
  /** How long after its last heartbeat a delivery is given out again, in ms; 30 s unless told otherwise. */
  visibilityMs?: number;
  /** Milliseconds since 1970; the machine's clock unless told otherwise. */
  now?: () => number;
  /** A clock that nobody sets, in ms; the process's own unless told otherwise. */
  monotonicNow?: () => number;
}

/**
 * The queue in a SQLite file, which several processes of one machine may share. An update is remembered for 7 days after
 * it was handled; a dead letter for ever.
 */
export class SqliteTurnQueue implements TurnQueue {
  readonly #options: WorkerOptions;
  readonly #database: DatabaseSync;
  readonly #rows: TurnRows;
  readonly #workers = new Set<TurnWorker>();
  readonly line: WaitingLine;

  /** @throws NewerSchemaError when a newer release wrote the file; SQLite's own error when it cannot be opened. */
  constructor({ directory, ...options }: SqliteTurnQueueOptions) {
    this.#options = { ...DEFAULTS, ...options };
    this.#database = openSqliteFile(join(directory, FILE_NAME), TURN_MIGRATIONS, LOSS);
    this.#rows = new TurnRows(this.#database);
    this.line = new SqliteWaitingLine(this.#database, {
      rows: this.#rows,
      now: this.#options.now,
      shares: () => this.#shares(),
    });
  }

  async enqueue(turn: Turn): Promise<'queued' | 'duplicate'> {
    let isNew: boolean;
    try {
      isNew = this.#rows.insert(turn);
    } catch (error) {
      throw new QueueUnavailableError(`Update ${turn.update_id} could not be stored`, { cause: error });
    }
    if (!isNew) return 'duplicate';
    this.#wakeWorkers();
    return 'queued';
  }

  /** Errors of the file go to `onError`, and it is tried again. */
  async serve(handler: TurnHandler, signal: AbortSignal): Promise<void> {
    const worker = new TurnWorker(this.#rows, handler, this.#options);
    this.#workers.add(worker);
    try {
      await worker.run(signal);
    } finally {
      this.#workers.delete(worker);
    }
  }

  async waiting(sessionKey: string): Promise<number> {
    return this.#rows.countWaiting(sessionKey, this.#options.now());
  }

  hurry(sessionKey: string): void {
    this.#rows.hurry(sessionKey);
    this.#wakeWorkers();
  }

  /** What is no readable turn stays in the file and is reported to `onError` instead. */
  async deadLetters(): Promise<DeadLetter[]> {
    return this.#rows.dead().flatMap((row) => {
      try {
        return [{ turn: readTurn(row), diedAt: new Date(row.diedAtMs) }];
      } catch (error) {
        this.#options.onError(error, undefined);
        return [];
      }
    });
  }

  /** Another process that serves the file finds what went back within half a second. */
  async redrive(updateId?: number): Promise<number> {
    const letters = await this.deadLetters();
    const wanted = letters.map(({ turn }) => turn.update_id).filter((id) => id === (updateId ?? id));
    const revived = wanted.filter((id) => this.#rows.revive(id));
    this.#wakeWorkers();
    return revived.length;
  }

  /** @throws Error while the queue is being served: abort that and wait for it first, or finished turns would run again. */
  close(): void {
    if (this.#workers.size > 0) throw new Error('The queue is still being served');
    this.#database.close();
  }

  /** Of one worker: more than one in a process would be its own line. */
  #shares(): ChatShares {
    const [worker] = this.#workers;
    return worker?.shares('session') ?? { running: new Map(), served: new Map() };
  }

  #wakeWorkers(): void {
    for (const worker of this.#workers) worker.wake();
  }
}
