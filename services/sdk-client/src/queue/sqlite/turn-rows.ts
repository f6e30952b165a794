import { randomUUID } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { groupOf, sessionKeyOf, type Turn } from '@omnicloud/protocol';
import type { Candidate } from './choose-next.ts';
import { type ClaimOwner, isGone, THIS_PROCESS } from './claim-owner.ts';
import type { Verdict } from '../try-turn.ts';

/** What can be written down of a try's end. */
export type Settlement = Exclude<Verdict, { kind: 'taken' }>;

/** Only the oldest open turn of a group may be given out; while that is running or waiting, it holds the others back. */
const IS_HEAD_OF_ITS_GROUP = `head.state = 'open' AND NOT EXISTS (
  SELECT 1 FROM turns AS earlier
  WHERE earlier.state = 'open' AND earlier.group_key = head.group_key AND earlier.position < head.position)`;

/** What may be given out now, of one lane. */
const CANDIDATES = `SELECT head.position, head.chat, head.sign FROM turns AS head
  WHERE head.is_aside = :isAside AND head.available_at_ms <= :nowMs AND ${IS_HEAD_OF_ITS_GROUP}`;

/** One statement is one transaction and takes the write lock first: two processes cannot take the same turn. */
const CLAIM = `
  UPDATE turns AS head SET attempt = attempt + 1, claim = :claim, available_at_ms = :visibleAtMs, wait_ms = :visibilityMs,
    owner_host = :host, owner_pid = :pid, owner_started = :started, owner_process_id = :processId
  WHERE position = :position AND head.available_at_ms <= :nowMs AND ${IS_HEAD_OF_ITS_GROUP}
  RETURNING position, claim, update_id AS updateId, chat, attempt, turn_json AS turnJson`;

/** One delivery of a turn. */
export interface Claim {
  readonly position: number;
  /** Tells this delivery from every other one of the same turn. */
  readonly claim: string;
  readonly updateId: number;
  readonly chat: string;
  /** How often the turn was given out, this time included. */
  readonly attempt: number;
  readonly turnJson: string;
}

/** A turn that may be given out. */
export interface CandidateRow extends Candidate {
  /** The message that shows its place; null before one was begun, not above 0 when there is none. */
  readonly sign: number | null;
}

/** The two lanes: what touches no session does not wait for what does. */
export type Lane = 'session' | 'aside';

export interface DeadRow {
  readonly updateId: number;
  readonly turnJson: string;
  readonly diedAtMs: number;
}

/** The queue's table, as its workers use it. All times are ms since 1970; SQLite's errors are thrown as they are. */
export class TurnRows {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /** @param database opened with `TURN_MIGRATIONS`; it stays open */
  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** @returns false when the update is known already. */
  insert(turn: Turn): boolean {
    const sql = `INSERT INTO turns (update_id, group_key, chat, is_aside, turn_json) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (update_id) DO NOTHING`;
    const { update_id: updateId, chat_id: chat } = turn;
    const isAside = groupOf(turn) === sessionKeyOf(turn) ? 0 : 1;
    return (
      this.#prepared(sql).run(updateId, groupOf(turn), chat, isAside, JSON.stringify(turn)).changes === 1
    );
  }

  /** @returns the turns of a lane that may be given out now: the oldest of each group, unless it is being handled. */
  candidates(lane: Lane, nowMs: number): CandidateRow[] {
    const parameters = { isAside: lane === 'aside' ? 1 : 0, nowMs };
    return this.#prepared(CANDIDATES).all(parameters) as unknown as CandidateRow[];
  }

  /** @returns undefined when another process has taken it. */
  claim({ position }: Candidate, nowMs: number, visibilityMs: number): Claim | undefined {
    const visibleAtMs = Math.ceil(nowMs + visibilityMs);
    const owned = { ...THIS_PROCESS, claim: randomUUID() };
    const parameters = { ...owned, position, nowMs, visibleAtMs, visibilityMs: Math.ceil(visibilityMs) };
    return this.#prepared(CLAIM).get(parameters) as Claim | undefined;
  }

  /** @returns when the next turn that may not be given out yet may be, if nothing is queued or handled until then. */
  nextAvailableAtMs(nowMs: number): number | undefined {
    const sql = `SELECT MIN(head.available_at_ms) AS atMs FROM turns AS head
      WHERE head.available_at_ms > ? AND ${IS_HEAD_OF_ITS_GROUP}`;
    return (this.#prepared(sql).get(nowMs) as { atMs: number | null }).atMs ?? undefined;
  }

  /** Keeps a delivery from being given out again; nothing happens when its claim was lost. */
  extend({ position, claim }: Claim, nowMs: number, visibilityMs: number): void {
    const sql = 'UPDATE turns SET available_at_ms = ?, wait_ms = ? WHERE position = ? AND claim = ?';
    this.#prepared(sql).run(Math.ceil(nowMs + visibilityMs), Math.ceil(visibilityMs), position, claim);
  }

  /** No turn waits for longer than was asked for, whatever the clock said when that was written down. */
  cutWaits(nowMs: number): void {
    // The read comes first, because a write would take the lock at every look.
    const isTooLong = `state = 'open' AND available_at_ms > :nowMs + wait_ms`;
    if (!this.#prepared(`SELECT 1 FROM turns WHERE ${isTooLong} LIMIT 1`).get({ nowMs })) return;
    this.#prepared(`UPDATE turns SET available_at_ms = :nowMs + wait_ms WHERE ${isTooLong}`).run({ nowMs });
  }

  /** Every delivery under way has its whole visibility before it again: the clock has jumped, and not because time passed. */
  restartVisibilities(nowMs: number): void {
    const sql = `UPDATE turns SET available_at_ms = ? + wait_ms WHERE state = 'open' AND claim IS NOT NULL`;
    this.#prepared(sql).run(nowMs);
  }

  /** @returns false when the claim was lost: the turn is someone else's, and nothing changes. */
  settle({ position, claim }: Claim, verdict: Settlement, nowMs: number): boolean {
    const parameters = { position, claim };
    const settle = (change: string, at: Record<string, number>): boolean => {
      const sql = `UPDATE turns SET claim = NULL, ${change} WHERE position = :position AND claim = :claim`;
      return this.#prepared(sql).run({ ...parameters, ...at }).changes === 1;
    };
    switch (verdict.kind) {
      case 'done':
        return settle(`state = 'done', ended_at_ms = :nowMs, turn_json = NULL`, { nowMs });
      case 'dead':
        return settle(`state = 'dead', ended_at_ms = :nowMs`, { nowMs });
      case 'again':
        return settle('available_at_ms = :atMs, wait_ms = :waitMs', {
          atMs: Math.ceil(nowMs + verdict.afterMs),
          waitMs: Math.ceil(verdict.afterMs),
        });
    }
  }

  /** What waits for its time in a group waits no longer; what a delivery holds stays with it. */
  hurry(groupKey: string): void {
    const sql = `UPDATE turns SET available_at_ms = 0, wait_ms = 0 WHERE state = 'open' AND claim IS NULL AND group_key = ?`;
    this.#prepared(sql).run(groupKey);
  }

  /** Makes the deliveries of processes that no longer run available at once. */
  releaseOrphans(nowMs: number): void {
    const owners = this.#prepared(
      `SELECT DISTINCT owner_host AS host, owner_pid AS pid, owner_started AS started, owner_process_id AS processId
       FROM turns
       WHERE state = 'open' AND claim IS NOT NULL`,
    ).all() as unknown as ClaimOwner[];
    const release = this.#prepared(
      `UPDATE turns SET claim = NULL, available_at_ms = ?
       WHERE state = 'open' AND claim IS NOT NULL AND owner_process_id = ?`,
    );
    for (const owner of owners) if (isGone(owner)) release.run(nowMs, owner.processId);
  }

  /** Forgets the handled turns that ended at or before the given time; dead ones stay. */
  forgetHandled(endedAtMs: number): void {
    this.#prepared(`DELETE FROM turns WHERE state = 'done' AND ended_at_ms <= ?`).run(endedAtMs);
  }

  /** @returns the open turns of a group which no delivery holds. */
  countWaiting(groupKey: string, nowMs: number): number {
    const sql = `SELECT COUNT(*) AS turns FROM turns
      WHERE state = 'open' AND group_key = ? AND (claim IS NULL OR available_at_ms <= ?)`;
    return (this.#prepared(sql).get(groupKey, nowMs) as { turns: number }).turns;
  }

  /** @returns the dead turns, in the order they died. */
  dead(): DeadRow[] {
    const sql = `SELECT update_id AS updateId, turn_json AS turnJson, ended_at_ms AS diedAtMs FROM turns
      WHERE state = 'dead' ORDER BY ended_at_ms, position`;
    return this.#prepared(sql).all() as unknown as DeadRow[];
  }

  /** Puts a dead turn at the end of its group, as if it were new. @returns false when it is not dead (any more). */
  revive(updateId: number): boolean {
    const sql = `UPDATE turns SET state = 'open', attempt = 0, available_at_ms = 0, wait_ms = 0, ended_at_ms = NULL,
      position = (SELECT MAX(position) + 1 FROM turns)
      WHERE update_id = ? AND state = 'dead'`;
    return this.#prepared(sql).run(updateId).changes === 1;
  }

  #prepared(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}
