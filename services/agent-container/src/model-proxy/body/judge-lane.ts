// bodies that wait → one after another, in a thread of their own → each one's judgement, or why there is none
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { JudgeQuestion, JudgeReply } from './judge-message.ts';

/** Sources and bundles differ in how the file's name ends. */
const PROGRAM = new URL(`judge-body.worker${extname(import.meta.url)}`, import.meta.url);
const IDLE_MS = 300_000;
const MEMORY = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 16 };

/** A body could not be judged: its thread ended, or took too long. */
export class JudgeError extends Error {
  override readonly name = 'JudgeError';
  /** True when the same body may be judged another time. */
  readonly isTooSlow: boolean;

  constructor(message: string, { isTooSlow, ...options }: ErrorOptions & { isTooSlow: boolean }) {
    super(message, options);
    this.isTooSlow = isTooSlow;
  }
}

/** A body, and who waits for it. */
export interface JudgeJob {
  readonly question: JudgeQuestion;
  /** Whose time it takes. */
  readonly holder: object;
  /** Takes the job out of those that wait; one that was begun goes on. */
  readonly signal: AbortSignal;
}

interface WaitingJob extends JudgeJob {
  readonly settle: PromiseWithResolvers<JudgeReply>;
}

export interface LaneOptions {
  readonly deadlineMs: number;
  /** The thread's program; the tests give one that fails. */
  readonly program?: URL;
}

/** How much of the threads' time each holder has had, in milliseconds. */
export type SpentTime = WeakMap<object, number>;

/**
 * One thread at a time. Next is always the holder that has had the least of its time, so that a newcomer waits for one body at most.
 * The thread is started when it is needed and ended when it was not for five minutes. A thread that dies or takes too long fails the body
 * that it had, and no other.
 */
export class JudgeLane {
  readonly #options: LaneOptions;
  readonly #spent: SpentTime;
  readonly #waiting = new Set<WaitingJob>();
  #worker: Worker | undefined;
  #current: WaitingJob | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor(spent: SpentTime, options: LaneOptions) {
    this.#spent = spent;
    this.#options = options;
  }

  #warm(): void {
    this.#worker ??= this.#start();
    this.#idle ??= setTimeout(() => this.close(), IDLE_MS).unref();
    this.#idle.refresh();
  }

  /**
   * The question's body is handed over, and empty from then on.
   * @throws JudgeError when there is no reply; AbortError when the signal aborts while it waits
   */
  async judge(job: JudgeJob): Promise<JudgeReply> {
    job.signal.throwIfAborted();
    const waiting = { ...job, settle: Promise.withResolvers<JudgeReply>() };
    const giveUp = (): void => {
      // One that was begun keeps its place until its reply is here, which would be taken for the next one's.
      if (this.#waiting.delete(waiting)) waiting.settle.reject(job.signal.reason as Error);
    };
    job.signal.addEventListener('abort', giveUp, { once: true });
    this.#waiting.add(waiting);
    this.#next();
    try {
      return await waiting.settle.promise;
    } finally {
      job.signal.removeEventListener('abort', giveUp);
    }
  }

  /** Ends the thread. Whatever it had fails; whatever waits is begun in a new one. */
  close(): void {
    const worker = this.#worker;
    this.#worker = undefined;
    clearTimeout(this.#idle);
    this.#idle = undefined;
    // It ends when it comes back from what it is doing: nothing interrupts JSON.parse. The limits before it keep that short.
    void worker?.terminate();
  }

  #next(): void {
    if (this.#current) return;
    const [first, ...others] = this.#waiting;
    if (!first) return;
    const job = others.reduce((best, one) => (this.#spentBy(one) < this.#spentBy(best) ? one : best), first);
    this.#waiting.delete(job);
    this.#current = job;
    const began = performance.now();
    const late = setTimeout(
      () => this.#lose(new JudgeError('The judgement took too long', { isTooSlow: true })),
      this.#options.deadlineMs,
    );
    const end = (): void => {
      clearTimeout(late);
      this.#spent.set(job.holder, this.#spentBy(job) + performance.now() - began);
      this.#current = undefined;
      this.#next();
    };
    job.settle.promise.then(end, end);
    try {
      this.#warm();
      this.#worker?.postMessage(job.question, [job.question.body.buffer]);
    } catch (cause) {
      // The system gives no thread now. Thrown from here, it would reach nobody when an earlier body has just ended.
      this.#lose(new JudgeError('The judgement could not be begun', { isTooSlow: true, cause }));
    }
  }

  #spentBy({ holder }: WaitingJob): number {
    return this.#spent.get(holder) ?? 0;
  }

  /** The thread is of no use any more. */
  #lose(error: JudgeError): void {
    this.close();
    this.#current?.settle.reject(error);
  }

  #start(): Worker {
    const worker = new Worker(this.#options.program ?? PROGRAM, { resourceLimits: MEMORY });
    worker.unref();
    const lose = (cause: unknown): void => {
      if (this.#worker === worker)
        this.#lose(new JudgeError('The judgement failed', { isTooSlow: false, cause }));
    };
    worker.on('message', (reply: JudgeReply) => {
      if (this.#worker === worker) this.#current?.settle.resolve(reply);
    });
    worker.on('error', lose).on('messageerror', lose);
    worker.on('exit', (code) => lose(new Error(`The thread ended with ${code}`)));
    return worker;
  }
}
