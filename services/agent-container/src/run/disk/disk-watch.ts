// runs under way → free space, and what each home takes → the run that takes too much is ended
import { stat, statfs } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { AgentError } from '../../errors.ts';
import { homeSize, type Measuring } from './home-size.ts';
import { namelessBytes, processIn } from './nameless-files.ts';
import type { SessionHome } from '../../session/home/session-home.ts';

export interface DiskLimits {
  /** When less is free, the run that took most since it began is ended; in bytes. */
  readonly minFreeBytes: number;
  /** What one home may take while a run is in it, in bytes. */
  readonly runBytes: number;
}

const MB = 1024 ** 2;
/** A twentieth of the disk, between these. The least leaves most of the 512 MB of a function, the most is enough for a large disk. */
const MIN_FREE = { share: 0.05, least: 32 * MB, most: 1024 * MB };
/** A quarter of the disk, between these. The least is what is saved of a workspace. */
const RUN = { share: 0.25, least: 256 * MB, most: 4096 * MB };

/** @returns the limits that fit a disk of this size, in bytes. */
export function diskLimitsFor(diskBytes: number): DiskLimits {
  const within = ({ share, least, most }: typeof RUN): number =>
    Math.round(Math.min(Math.max(diskBytes * share, least), most));
  return { minFreeBytes: within(MIN_FREE), runBytes: within(RUN) };
}

/** How often the free space is asked for, in ms; it costs microseconds. */
const INTERVAL_MS = 250;
/** The same while there is less than four times the minimum: a fast disk is filled at gigabytes a second. */
const CLOSE_INTERVAL_MS = 50;
/** Of the time, what measuring homes may take. */
const MEASURING_SHARE = 0.2;
/** How long one measuring may take; when the disk is nearly full, there is no time for more. In ms. */
const MEASURING_LIMIT_MS = 5_000;
const URGENT_LIMIT_MS = 1_000;
/** Of the minimum: what a run must have taken to be the one that fills the disk. Others may fill it, too. */
const GUILTY_SHARE = 1 / 8;
/** Of the minimum: where no run begins, so that what arrives can still be written down. */
const REFUSE_SHARE = 1 / 4;
/** A home that comes with more than a run may take may still be cleaned up by its agent, which needs some room. In bytes. */
const ROOM_TO_CLEAN_BYTES = 32 * MB;
/** A run that is being ended needs a moment to give its space back; meanwhile a new one waits. In ms. */
const ADMISSION_WAIT_MS = 5_000;
const ADMISSION_STEP_MS = 100;

/** Of a disk, in bytes and in files, links and directories: either may run out. */
interface Taken {
  readonly bytes: number;
  readonly files: number;
}

export interface DiskWatchOptions {
  /** The folder of all homes. */
  readonly workRoot: string;
  /** Other folders of the server whose disks must not be full either when a run begins. */
  readonly alsoFree?: readonly string[];
  /** What is not given follows the size of the disk; see `diskLimitsFor`. */
  readonly limits?: Partial<DiskLimits> | undefined;
  /** Told of what could not be measured; the watch goes on. */
  readonly onError: (error: unknown) => void;
}

/** A run that is watched, until it is disposed of. */
export interface WatchedRun extends Disposable {
  /** Aborts with an AgentError `disk_exceeded`. */
  readonly ended: AbortSignal;
}

interface Run {
  readonly home: SessionHome;
  readonly abort: AbortController;
  /** What it had when it began. */
  readonly began: Taken;
  /** What it has, as `homeSize` counts. */
  bytes: number;
  /** The same of what it had when it began. */
  beganWith: number;
  measuredAtMs: number;
  tookMs: number;
}

/** Watches all runs of a server. While there is none, it does nothing. */
export class DiskWatch {
  readonly #options: DiskWatchOptions;
  readonly #runs = new Set<Run>();
  #isWatching = false;
  #isMeasuring = false;

  constructor(options: DiskWatchOptions) {
    this.#options = options;
  }

  /**
   * To be asked before a run begins. Waits a moment for a run that is just being ended.
   * @throws AgentError `disk_full`, when there is hardly any space left.
   */
  async admit(): Promise<void> {
    const endsAtMs = performance.now() + ADMISSION_WAIT_MS;
    for (;;) {
      const full = await this.#fullFolder();
      if (full === undefined) return;
      if (performance.now() > endsAtMs) {
        throw new AgentError('disk_full', 'The disk of the agent server is full, so no run begins', {
          cause: new Error(`Less than a quarter of the minimum is free below ${full}`),
        });
      }
      await delay(ADMISSION_STEP_MS);
    }
  }

  /** @param began what of the session is stored and so no growth. */
  watch(home: SessionHome, began: Taken): WatchedRun {
    const abort = new AbortController();
    const { bytes } = began;
    const run: Run = { home, abort, began, bytes, beganWith: bytes, measuredAtMs: 0, tookMs: 0 };
    this.#runs.add(run);
    if (!this.#isWatching) void this.#watch();
    return { ended: abort.signal, [Symbol.dispose]: () => this.#runs.delete(run) };
  }

  /** Never rejects. */
  async #watch(): Promise<void> {
    this.#isWatching = true;
    while (this.#runs.size > 0) {
      let intervalMs = INTERVAL_MS;
      try {
        const { free, minFreeBytes, runBytes, bytesPerFile } = await this.#look(this.#options.workRoot);
        if (free < minFreeBytes) await this.#relieve(minFreeBytes, bytesPerFile);
        else this.#measureInBackground(runBytes, bytesPerFile);
        if (free < minFreeBytes * 4) intervalMs = CLOSE_INTERVAL_MS;
      } catch (error) {
        this.#options.onError(error);
      }
      await delay(intervalMs, undefined, { ref: false });
    }
    this.#isWatching = false;
  }

  async #look(folder: string): Promise<DiskLimits & { free: number; bytesPerFile: number }> {
    const { bavail, blocks, bsize, files, ffree } = await statfs(folder);
    const { limits } = this.#options;
    const fitting = diskLimitsFor(blocks * bsize);
    // Some file systems have no number of files that they can hold, and say 0.
    const bytesPerFile = files > 0 ? (blocks * bsize) / files : 0;
    return {
      // A file without content takes none of the bytes, and its share of the disk all the same.
      free: files > 0 ? Math.min(bavail * bsize, ffree * bytesPerFile) : bavail * bsize,
      bytesPerFile,
      minFreeBytes: limits?.minFreeBytes ?? fitting.minFreeBytes,
      runBytes: limits?.runBytes ?? fitting.runBytes,
    };
  }

  async #fullFolder(): Promise<string | undefined> {
    for (const folder of [this.#options.workRoot, ...(this.#options.alsoFree ?? [])]) {
      try {
        const { free, minFreeBytes } = await this.#look(folder);
        if (free < minFreeBytes * REFUSE_SHARE) return folder;
      } catch (error) {
        // It is made when it is first needed.
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
      }
    }
    return undefined;
  }

  /** Ends the run that took most since it began; while one is being ended, only such as go on to take. */
  async #relieve(minFreeBytes: number, bytesPerFile: number): Promise<void> {
    const guiltyBytes = minFreeBytes * GUILTY_SHARE;
    const isOneEnding = [...this.#runs].some(({ abort }) => abort.signal.aborted);
    const running = [...this.#runs].filter(({ abort }) => !abort.signal.aborted);
    const before = new Map(running.map((run) => [run, run.bytes]));
    await Promise.all(
      running.map((run) =>
        this.#measure(run, { enoughBytes: Infinity, timeLimitMs: URGENT_LIMIT_MS, bytesPerFile }),
      ),
    );
    const suspects = running
      .filter((run) => run.bytes - run.beganWith >= guiltyBytes)
      .filter((run) => !isOneEnding || run.bytes - (before.get(run) ?? 0) >= guiltyBytes);
    const [worst] = suspects.sort((a, b) => b.bytes - b.beganWith - (a.bytes - a.beganWith));
    if (worst) end(worst, 'The run filled the disk of the agent server, so it was ended');
  }

  /** One home after another, and never more than a part of the time. */
  #measureInBackground(runBytes: number, bytesPerFile: number): void {
    if (this.#isMeasuring) return;
    this.#isMeasuring = true;
    void this.#measureAll(runBytes, bytesPerFile)
      .catch(this.#options.onError)
      .finally(() => {
        this.#isMeasuring = false;
      });
  }

  async #measureAll(runBytes: number, bytesPerFile: number): Promise<void> {
    for (const run of this.#runs) {
      const limit = Math.max(runBytes, takenOf(run.began, bytesPerFile) + ROOM_TO_CLEAN_BYTES);
      if (run.abort.signal.aborted) continue;
      if (performance.now() - run.measuredAtMs < run.tookMs / MEASURING_SHARE) continue;
      await this.#measure(run, { enoughBytes: limit, timeLimitMs: MEASURING_LIMIT_MS, bytesPerFile });
      if (run.bytes > limit) end(run, 'The files of the run are more than one run may have, so it was ended');
    }
  }

  async #measure(run: Run, measuring: Required<Measuring>): Promise<void> {
    const { root, processFile } = run.home;
    const beganAtMs = performance.now();
    const named = await homeSize(root, measuring);
    const pid = await processIn(processFile);
    const nameless = pid === undefined ? 0 : await namelessBytes(pid, (await stat(root)).dev);
    run.bytes = named + nameless;
    run.beganWith = takenOf(run.began, measuring.bytesPerFile);
    run.measuredAtMs = performance.now();
    run.tookMs = run.measuredAtMs - beganAtMs;
  }
}

function takenOf({ bytes, files }: Taken, bytesPerFile: number): number {
  return Math.max(bytes, files * bytesPerFile);
}

function end(run: Run, message: string): void {
  run.abort.abort(new AgentError('disk_exceeded', message));
}
