import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sessionKeyOf, type Turn } from '@omnicloud/protocol';
import { SqliteSessionTable, SqliteStopRequests } from '@omnicloud/storage';
import { expect } from 'vitest';
import { SqliteTurnQueue } from '../queue/sqlite/sqlite-turn-queue.ts';
import type { Outcome, TurnHandler } from '../queue/turn-queue.ts';
import { SqliteBacklog } from '../queue/backlog/sqlite-backlog.ts';
import { BotApi } from '../telegram/bot-api.fixture.ts';
import type { EditPace } from '../reply/live-reply.ts';
import { ScriptedAgent } from './agent/agent-server.fixture.ts';
import { createTurnHandler, type TurnHandlerDeps } from './handle-turn.ts';
import type { Measure } from './meter.ts';
import { RememberedRecords } from '../turn/spilled-records.fixture.ts';
import { SpillingTurnLedger } from '../turn/spilling-turn-ledger.ts';
import { SqliteTurnLedger } from '../turn/sqlite-turn-ledger.ts';
import type { TurnLedger } from '../turn/turn-ledger.ts';
import { turnOf } from '../turn/turn.fixture.ts';

/** No answer is shown before it is complete. */
export const WHEN_COMPLETE: EditPace = { firstAfterMs: 1_000_000, betweenMs: 1_000_000 };
/** Everything is shown at once. */
export const AT_ONCE: EditPace = { firstAfterMs: 0, betweenMs: 0 };

/** @returns the end of a delivery that is no try: the turn comes back after this time, or up to a tenth later. */
export function later(afterMs: number): unknown {
  const isRight = (ms: number): boolean => ms >= afterMs && ms <= afterMs * 1.1 + 1;
  return { kind: 'later', afterMs: expect.toSatisfy(isRight) as unknown };
}

/** A handler of turns between a scripted agent server and a Telegram that remembers, with a real table and queue. */
export class RelayScene {
  readonly botApi = new BotApi();
  readonly agent = new ScriptedAgent();
  readonly errors: unknown[] = [];
  readonly table: SqliteSessionTable;
  readonly queue: SqliteTurnQueue;
  readonly ledger: TurnLedger;
  /** Records of turns that are too large for the ledger. */
  readonly spilled = new RememberedRecords();
  readonly stops: SqliteStopRequests;
  readonly backlog: SqliteBacklog;
  /** What was put where the agent server finds it, by its key. */
  readonly stored = new Map<string, Uint8Array>();
  readonly measures: [Measure, number][] = [];
  readonly #directory: string;
  readonly #turns: SqliteTurnLedger;
  #hasBacklog = true;
  #nextUpdateId = turnOf().update_id;

  private constructor(directory: string) {
    this.#directory = directory;
    this.table = new SqliteSessionTable({ directory });
    this.#turns = new SqliteTurnLedger(directory);
    this.ledger = new SpillingTurnLedger({
      ledger: this.#turns,
      records: this.spilled,
      onLeftover: (error) => this.errors.push(error),
    });
    this.stops = new SqliteStopRequests({ directory });
    this.backlog = new SqliteBacklog({ directory });
    this.queue = new SqliteTurnQueue({ directory, onError: (error) => this.errors.push(error) });
  }

  static async open(): Promise<RelayScene> {
    return new RelayScene(await mkdtemp(join(tmpdir(), 'relay-')));
  }

  async close(): Promise<void> {
    this.queue.close();
    this.table.close();
    this.#turns.close();
    this.stops.close();
    if (this.#hasBacklog) this.backlog.close();
    await rm(this.#directory, { recursive: true });
  }

  /** @param pace that of private chats; in a group nothing is shown before it is complete. */
  handler(pace: EditPace = WHEN_COMPLETE, changes: Partial<TurnHandlerDeps> = {}): TurnHandler {
    return createTurnHandler({
      api: this.botApi.api,
      queue: this.queue,
      backlog: this.backlog,
      table: this.table,
      ledger: this.ledger,
      stops: this.stops,
      agent: this.agent.server,
      telegramFiles: this.botApi.files,
      attachments: {
        put: (key, content) => {
          this.stored.set(key, content);
          return Promise.resolve();
        },
      },
      albumWaitMs: 0,
      fetchRetryDelaysMs: [0, 0],
      pace: { private: pace, group: WHEN_COMPLETE },
      meter: { add: (measure, value) => this.measures.push([measure, value]) },
      onError: (error) => this.errors.push(error),
      ...changes,
    });
  }

  /** Handles Ada's private message, unless the changes say otherwise: a new update each time. */
  handle(changes: Partial<Turn> = {}, pace: EditPace = WHEN_COMPLETE): Promise<Outcome> {
    return this.handler(pace).handle(turnOf({ update_id: this.#nextUpdateId++, ...changes }), 1);
  }

  /** From now on every use of the backlog fails. */
  breakBacklog(): void {
    this.backlog.close();
    this.#hasBacklog = false;
  }

  /** Gives Ada's private message up. */
  giveUp(changes: Partial<Turn> = {}): Promise<Outcome | undefined> {
    return this.handler().giveUp(turnOf(changes));
  }

  /** @returns the session that Ada's private chat goes on with, undefined for none. */
  async session(): Promise<string | undefined> {
    return (await this.table.find(sessionKeyOf(turnOf())))?.sessionId;
  }

  /** Lets Ada's private chat go on with a session. */
  async knows(sessionId: string): Promise<void> {
    await this.table.save(sessionKeyOf(turnOf()), sessionId, { fencingToken: 1, replaces: undefined });
  }
}
