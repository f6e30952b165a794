import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Turn } from '@omnicloud/protocol';
import { LONGEST_PAUSE_MS } from './outage.ts';
import { eventLoopTurns } from './serving.fixture.ts';
import { SimulatedSqs } from './sqs/sqs-simulated.fixture.ts';
import { SqliteTurnQueue } from './sqlite/sqlite-turn-queue.ts';
import { handleSqsBatch } from './sqs/sqs-delivery.ts';
import { SqsTurnQueue } from './sqs/sqs-turn-queue.ts';
import type { Outcome, TurnHandler } from './turn-queue.ts';

const NOON_MS = Date.UTC(2026, 5, 1, 12);

/** A queue with one turn in it, by a clock that the test moves. */
export interface MovedTime {
  readonly passedMs: number;
  readonly deliveries: number;
  enqueue(turn: Turn): Promise<void>;
  /** The next delivery has ended and is settled. */
  untilDelivered(): Promise<void>;
  /** Time passes until the turn is given out again. */
  passWait(): void;
  deadLetters(): Promise<number>;
  end(): Promise<void>;
}

/** The embedded queue. */
export class MovedSqliteTime implements MovedTime {
  passedMs = 0;
  deliveries = 0;
  #wallMs = NOON_MS;
  #waitMs = 0;
  readonly #directory: string;
  readonly #handler: TurnHandler;
  readonly #onError: (error: unknown) => void;
  #queue: SqliteTurnQueue;
  #stop = new AbortController();
  #served: Promise<void>;
  #ended = Promise.withResolvers<undefined>();

  private constructor(directory: string, handler: TurnHandler, onError: (error: unknown) => void) {
    this.#directory = directory;
    this.#handler = handler;
    this.#onError = onError;
    this.#queue = this.#open();
    this.#served = this.#serve();
  }

  static async begin(handler: TurnHandler, onError: (error: unknown) => void): Promise<MovedSqliteTime> {
    return new MovedSqliteTime(await mkdtemp(join(tmpdir(), 'outage-')), handler, onError);
  }

  #open(): SqliteTurnQueue {
    return new SqliteTurnQueue({
      directory: this.#directory,
      onError: this.#onError,
      now: () => this.#wallMs,
      monotonicNow: () => this.passedMs,
    });
  }

  #serve(): Promise<void> {
    const watched = async <Value>(delivering: Promise<Value>): Promise<Value> => {
      this.#waitMs = LONGEST_PAUSE_MS;
      try {
        return await delivering;
      } catch (error) {
        this.#isDelivered();
        throw error;
      }
    };
    const handle = async (...delivery: Parameters<TurnHandler['handle']>): Promise<Outcome> => {
      const outcome = await watched(this.#handler.handle(...delivery));
      if (outcome.kind === 'later') this.#waitMs = outcome.afterMs;
      this.#isDelivered();
      return outcome;
    };
    const deferrals = (...about: [Turn, number]): Promise<number> =>
      watched(this.#handler.deferrals?.(...about) ?? Promise.resolve(0));
    return this.#queue.serve({ ...this.#handler, handle, deferrals }, this.#stop.signal);
  }

  #isDelivered(): void {
    this.deliveries += 1;
    this.#ended.resolve(undefined);
  }

  async enqueue(turn: Turn): Promise<void> {
    await this.#queue.enqueue(turn);
  }

  async untilDelivered(): Promise<void> {
    await this.#ended.promise;
    this.#ended = Promise.withResolvers();
    await eventLoopTurns(10);
  }

  passWait(): void {
    this.#pass(this.#waitMs);
  }

  /** Time passes; who waits for it looks at once. */
  #pass(ms: number): void {
    this.#wallMs += ms;
    this.passedMs += ms;
    this.#queue.hurry('no such session');
  }

  /** The clock is set, and nobody saw it. */
  async setClockBack(ms: number): Promise<void> {
    this.#wallMs -= ms;
    this.#pass(0);
    await eventLoopTurns(2);
  }

  async restart(): Promise<void> {
    await this.#close();
    this.#queue = this.#open();
    this.#stop = new AbortController();
    this.#served = this.#serve();
  }

  async deadLetters(): Promise<number> {
    return (await this.#queue.deadLetters()).length;
  }

  async #close(): Promise<void> {
    this.#stop.abort();
    await this.#served;
    this.#queue.close();
  }

  async end(): Promise<void> {
    await this.#close();
    await rm(this.#directory, { recursive: true });
  }
}

/** SQS with a function behind its event source. */
export class MovedSqsTime implements MovedTime {
  deliveries = 0;
  readonly sqs: SimulatedSqs;
  readonly #handler: TurnHandler;
  readonly #queue: SqsTurnQueue;
  readonly #urls: Record<'queueUrl' | 'deadLetterQueueUrl', string>;

  private constructor(sqs: SimulatedSqs, handler: TurnHandler, onError: (error: unknown) => void) {
    this.sqs = sqs;
    this.#handler = handler;
    this.#urls = { queueUrl: sqs.urlOf('turns'), deadLetterQueueUrl: sqs.urlOf('dead') };
    this.#queue = new SqsTurnQueue({ client: sqs.client, ...this.#urls, onError });
  }

  static async begin(handler: TurnHandler, onError: (error: unknown) => void): Promise<MovedSqsTime> {
    return new MovedSqsTime(await SimulatedSqs.open(), handler, onError);
  }

  get passedMs(): number {
    return this.sqs.nowMs;
  }

  async enqueue(turn: Turn): Promise<void> {
    await this.#queue.enqueue(turn);
  }

  async untilDelivered(): Promise<void> {
    const record = this.sqs.receive(this.#urls.queueUrl);
    if (record === undefined) throw new Error('Nothing is given out');
    await handleSqsBatch([record], this.#handler, this.#queue.deliveryFrom());
    this.deliveries += 1;
  }

  passWait(): void {
    this.sqs.passUntilVisible(this.#urls.queueUrl);
  }

  deadLetters(): Promise<number> {
    return Promise.resolve(this.sqs.bodies(this.#urls.deadLetterQueueUrl).length);
  }

  async end(): Promise<void> {
    await this.sqs.close();
  }
}
