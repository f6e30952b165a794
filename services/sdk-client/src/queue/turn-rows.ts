import { randomUUID } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type ClaimOwner, isGone, THIS_PROCESS } from './claim-owner.ts';
import type { Verdict } from './try-turn.ts';

/** What can be written down of a try's end. */
export type Settlement = Exclude<Verdict, { kind: 'taken' }>;

/**
 * `available_at_ms` is when an open turn may be given out (again): the end of its delay, or of its claim's visibility.
 * A handled turn keeps only its `update_id`, against duplicates. The order is that of `position`.
 */
export const TURN_MIGRATIONS = [
  `CREATE TABLE turns (
     position INTEGER PRIMARY KEY,
     update_id INTEGER NOT NULL UNIQUE,
     group_key TEXT NOT NULL,
     turn_json TEXT,
     state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done', 'dead')),
     attempt INTEGER NOT NULL DEFAULT 0,
     available_at_ms INTEGER NOT NULL DEFAULT 0,
     claim TEXT,
     owner_host TEXT,
     owner_pid INTEGER,
     owner_process_id TEXT,
     ended_at_ms INTEGER
   ) STRICT;
   CREATE INDEX open_turns ON turns (position) WHERE state = 'open';
   CREATE INDEX open_groups ON turns (group_key, position) WHERE state = 'open';
   CREATE INDEX handled_turns ON turns (ended_at_ms) WHERE state = 'done';`,
];

/** Only the oldest open turn of a group may be given out; while that is running or waiting, it holds the others back. */
const IS_HEAD_OF_ITS_GROUP = `head.state = 'open' AND NOT EXISTS (
  SELECT 1 FROM turns AS earlier
  WHERE earlier.state = 'open' AND earlier.group_key = head.group_key AND earlier.position < head.position)`;

/** One statement is one transaction and takes the write lock first: two processes cannot choose the same turn. */
const CLAIM = `
  UPDATE turns SET attempt = attempt + 1, claim = :claim, available_at_ms = :visibleAtMs,
    owner_host = :host, owner_pid = :pid, owner_process_id = :processId
  WHERE position = (
    SELECT head.position FROM turns AS head
    WHERE head.available_at_ms <= :nowMs AND ${IS_HEAD_OF_ITS_GROUP}
    ORDER BY head.position LIMIT 1)
  RETURNING position, claim, update_id AS updateId, attempt, turn_json AS turnJson`;

/** One delivery of a turn. */
export interface Claim {
  readonly position: number;
  /** Tells this delivery from every other one of the same turn. */
  readonly claim: string;
  readonly updateId: number;
  /** How often the turn was given out, this time included. */
  readonly attempt: number;
  readonly turnJson: string;
}

export interface DeadRow {
  readonly updateId: number;
  readonly turnJson: string;
  readonly diedAtMs: number;
}

/** The queue's table. All times are ms since 1970; SQLite's errors are thrown as they are. */
export class TurnRows {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /** @param database opened with `TURN_MIGRATIONS` */
  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** @returns false when the update is known already. */
  insert(updateId: number, groupKey: string, turnJson: string): boolean {
    const sql = `INSERT INTO turns (update_id, group_key, turn_json) VALUES (?, ?, ?)
      ON CONFLICT (update_id) DO NOTHING`;
    return this.#prepared(sql).run(updateId, groupKey, turnJson).changes === 1;
  }

  /** Takes the oldest turn that may be given out now, if there is one. */
  claimNext(nowMs: number, visibleAtMs: number): Claim | undefined {
    const parameters = { ...THIS_PROCESS, claim: randomUUID(), nowMs, visibleAtMs: Math.ceil(visibleAtMs) };
    return this.#prepared(CLAIM).get(parameters) as Claim | undefined;
  }

  /** @returns when the next turn may be given out, if nothing is queued or handled until then. */
  nextAvailableAtMs(): number | undefined {
    const sql = `SELECT MIN(head.available_at_ms) AS atMs FROM turns AS head WHERE ${IS_HEAD_OF_ITS_GROUP}`;
    return (this.#prepared(sql).get() as { atMs: number | null }).atMs ?? undefined;
  }

  /** Keeps a delivery from being given out again; nothing happens when its claim was lost. */
  extend({ position, claim }: Claim, visibleAtMs: number): void {
    const sql = 'UPDATE turns SET available_at_ms = ? WHERE position = ? AND claim = ?';
    this.#prepared(sql).run(Math.ceil(visibleAtMs), position, claim);
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
        return settle('available_at_ms = :atMs', { atMs: Math.ceil(nowMs + verdict.afterMs) });
    }
  }

  /** Makes the deliveries of processes that no longer exist available at once. */
  releaseOrphans(nowMs: number): void {
    const owners = this.#prepared(
      `SELECT DISTINCT owner_host AS host, owner_pid AS pid, owner_process_id AS processId FROM turns
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
    const sql = `UPDATE turns SET state = 'open', attempt = 0, available_at_ms = 0, ended_at_ms = NULL,
      position = (SELECT MAX(position) + 1 FROM turns)
      WHERE update_id = ? AND state = 'dead'`;
    return this.#prepared(sql).run(updateId).changes === 1;
  }

  close(): void {
    this.#database.close();
  }

  #prepared(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}
