import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { eventLoopTurns } from '../queue/serving.fixture.ts';
import { SqliteTurnQueue } from '../queue/sqlite-turn-queue.ts';
import type { Outcome, TurnHandler } from '../queue/turn-queue.ts';
import { answered, failing } from './agent-server.fixture.ts';
import { LedgerUnavailableError } from './dynamo-turn-ledger.ts';
import { RelayScene, WHEN_COMPLETE } from './relay-scene.fixture.ts';
import type { TurnLedger } from './turn-ledger.ts';
import { turnOf } from './turn.fixture.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Longer than any pause is: each step brings the next delivery. More of them than a turn has tries make an hour. */
const STEP_MS = 400_000;
const NOON_MS = Date.UTC(2026, 5, 1, 12);
const TURN = turnOf({ update_id: 5 });

let scene: RelayScene;
let directory: string;
beforeEach(async () => {
  scene = await RelayScene.open();
  directory = await mkdtemp(join(tmpdir(), 'outage-'));
});
afterEach(async () => {
  await scene.close();
  await rm(directory, { recursive: true });
});

/** A queue whose clocks the test moves, served until it is stopped. */
class MovedTime {
  wallMs = NOON_MS;
  passedMs = 0;
  deliveries = 0;
  readonly #handler: TurnHandler;
  #queue = this.#open();
  #stop = new AbortController();
  #served: Promise<void> = Promise.resolve();
  #ended = Promise.withResolvers<undefined>();

  constructor(handler: TurnHandler) {
    this.#handler = handler;
  }

  get queue(): SqliteTurnQueue {
    return this.#queue;
  }

  #open(): SqliteTurnQueue {
    return new SqliteTurnQueue({
      directory,
      onError: (error) => scene.errors.push(error),
      now: () => this.wallMs,
      monotonicNow: () => this.passedMs,
    });
  }

  serve(): void {
    const handle = async (...delivery: Parameters<TurnHandler['handle']>): Promise<Outcome> => {
      this.deliveries += 1;
      try {
        return await this.#handler.handle(...delivery);
      } finally {
        this.#ended.resolve(undefined);
      }
    };
    const deferrals = async (
      ...about: Parameters<NonNullable<TurnHandler['deferrals']>>
    ): Promise<number> => {
      try {
        return (await this.#handler.deferrals?.(...about)) ?? 0;
      } catch (error) {
        this.deliveries += 1;
        this.#ended.resolve(undefined);
        throw error;
      }
    };
    this.#served = this.#queue.serve({ ...this.#handler, handle, deferrals }, this.#stop.signal);
  }

  /** The next delivery has ended and is written down. */
  async untilDelivered(): Promise<void> {
    await this.#ended.promise;
    this.#ended = Promise.withResolvers();
    await eventLoopTurns(10);
  }

  /** Time passes; whoever waits for it looks at once. */
  pass(ms: number): void {
    this.wallMs += ms;
    this.passedMs += ms;
    this.#queue.hurry('no such session');
  }

  async restart(): Promise<void> {
    await this.end();
    this.#queue = this.#open();
    this.#stop = new AbortController();
    this.serve();
  }

  async end(): Promise<void> {
    this.#stop.abort();
    await this.#served;
    this.#queue.close();
  }
}

const AWAY = ['the model', 'the object store', 'the session table', 'the ledger'] as const;

it.each(AWAY)(
  'An hour without %s, with a restart and a clock that is set back in it: no try is used up, and the turn is answered after it',
  async (what) => {
    const isOver = (): boolean => time.passedMs >= HOUR_MS;
    const failure = new LedgerUnavailableError('away', undefined);
    const away = Object.defineProperty(failure, 'retryable', { value: true });
    const orAway = <T>(value: T): T => {
      if (isOver()) return value;
      throw away;
    };
    const { ledger } = scene;
    const changes = {
      'the model': {},
      'the object store': {},
      'the session table': {
        table: {
          find: async (key: string) => orAway(await scene.table.find(key)),
          forget: scene.table.forget.bind(scene.table),
          inherit: scene.table.inherit.bind(scene.table),
        },
      },
      'the ledger': {
        ledger: {
          find: async (id) => orAway(await ledger.find(id)),
          save: async (...saved) => orAway(await ledger.save(...saved)),
        } satisfies TurnLedger,
      },
    }[what];
    const handler = scene.handler(WHEN_COMPLETE, changes as Parameters<RelayScene['handler']>[1]);
    const code = what === 'the model' ? 'model_unavailable' : 'store_unavailable';
    const time = new MovedTime({
      ...handler,
      handle: (turn, attempt) => {
        expect(attempt).toBe(1);
        if (isOver()) scene.agent.script(answered('At last.'));
        else if (!('table' in changes)) scene.agent.script(failing(code));
        return handler.handle(turn, attempt);
      },
    });
    await time.queue.enqueue(TURN);
    time.serve();
    try {
      await time.untilDelivered();
      while (!isOver()) {
        const before = time.deliveries;
        time.pass(STEP_MS);
        if (before === 3) await time.restart();
        if (before === 5) {
          // The wait is no longer for that, also not when nobody saw the clock being set.
          time.wallMs -= DAY_MS;
          time.pass(0);
          await eventLoopTurns(2);
          time.pass(STEP_MS);
        }
        await time.untilDelivered();
      }
      if (!scene.botApi.screen.includes('At last.')) {
        time.pass(STEP_MS);
        await time.untilDelivered();
      }
      expect(scene.botApi.screen.at(-1)).toBe('At last.');
      // While nothing can be written down, nobody could say whether the user was told.
      const notices = scene.botApi.screen.slice(0, -1);
      expect(notices).toEqual(what === 'the ledger' ? [] : [expect.stringMatching(/^Not yet: /)]);
      expect(await time.queue.deadLetters()).toEqual([]);
      expect(time.deliveries).toBeLessThan(15);
    } finally {
      await time.end();
    }
  },
);
