import { join } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { openSqliteFile } from '@omnicloud/storage';
import { AgentError } from '../../errors.ts';
import type { Acquired, Lease, SessionLeases } from './session-lease.ts';

const FILE_NAME = 'leases.db';
const LOSS = 'nothing is lost, as long as no other server uses this folder';

/**
 * `ttl_ms` is how long the lease was to last, because the clock may be set back meanwhile. A row outlives its lease, because the next fencing
 * token must be higher; without a holder it was let go.
 */
const MIGRATIONS = [
  `CREATE TABLE leases (
     session_id TEXT PRIMARY KEY,
     holder TEXT,
     fencing_token INTEGER NOT NULL,
     expires_at_ms INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID`,
  // What an earlier release took was taken for 15 s.
  'ALTER TABLE leases ADD COLUMN ttl_ms INTEGER NOT NULL DEFAULT 15000',
];

export interface SqliteSessionLeasesOptions {
  /** Where `leases.db` lies; created when missing. It must be on a disk of this machine: SQLite's locks need that. */
  directory: string;
  /** Milliseconds since 1970; the machine's clock unless told otherwise. */
  now?: () => number;
  /** Whether a holder certainly no longer exists: its lease need not be waited for. Nobody is, unless told otherwise. */
  isHolderGone?: (holder: string) => boolean;
}

/** The leases in a SQLite file, which several processes of one machine may share. */
export class SqliteSessionLeases implements SessionLeases {
  readonly #now: () => number;
  readonly #isHolderGone: (holder: string) => boolean;
  readonly #database: DatabaseSync;
  readonly #take: StatementSync;
  readonly #find: StatementSync;
  readonly #extend: StatementSync;
  readonly #letGo: StatementSync;
  readonly #cut: StatementSync;

  /** @throws NewerSchemaError when a newer release wrote the file; SQLite's own error when it cannot be opened. */
  constructor({ directory, now = Date.now, isHolderGone = () => false }: SqliteSessionLeasesOptions) {
    this.#now = now;
    this.#isHolderGone = isHolderGone;
    this.#database = openSqliteFile(join(directory, FILE_NAME), MIGRATIONS, LOSS);
    this.#take = this.#database.prepare(
      `INSERT INTO leases VALUES (:sessionId, :holder, 1, :expiresAtMs, :ttlMs)
       ON CONFLICT (session_id) DO UPDATE
         SET holder = excluded.holder, fencing_token = fencing_token + 1, expires_at_ms = excluded.expires_at_ms,
             ttl_ms = excluded.ttl_ms
         WHERE holder IS NULL OR expires_at_ms <= :nowMs OR holder = :goneHolder
       RETURNING fencing_token`,
    );
    this.#find = this.#database.prepare('SELECT holder, expires_at_ms FROM leases WHERE session_id = ?');
    const isStillTheirs = 'session_id = :sessionId AND holder = :holder AND fencing_token = :fencingToken';
    this.#extend = this.#database.prepare(
      `UPDATE leases SET expires_at_ms = :expiresAtMs, ttl_ms = :ttlMs WHERE ${isStillTheirs}`,
    );
    this.#letGo = this.#database.prepare(`UPDATE leases SET holder = NULL WHERE ${isStillTheirs}`);
    this.#cut = this.#database.prepare(
      `UPDATE leases SET expires_at_ms = :nowMs + ttl_ms
       WHERE session_id = :sessionId AND expires_at_ms > :nowMs + ttl_ms`,
    );
  }

  async acquire(sessionId: string, holder: string, ttlMs: number): Promise<Acquired> {
    return this.#write((nowMs) => {
      const expiresAtMs = nowMs + ttlMs;
      // A lease lasts no longer than was asked, whatever the clock said then.
      this.#cut.run({ sessionId, nowMs });
      const current = this.#find.get(sessionId)?.holder;
      const isGone = typeof current === 'string' && this.#isHolderGone(current);
      const goneHolder = isGone ? current : null;
      const taken = this.#take.get({ sessionId, holder, expiresAtMs, ttlMs, nowMs, goneHolder });
      if (taken) {
        const fencingToken = Number(taken.fencing_token);
        return { lease: { sessionId, holder, fencingToken, expiresAt: new Date(expiresAtMs) } };
      }
      const held = this.#find.get(sessionId);
      return { heldBy: String(held?.holder), until: new Date(Number(held?.expires_at_ms)) };
    });
  }

  async renew(lease: Lease, ttlMs: number): Promise<Lease | undefined> {
    return this.#write((nowMs) => {
      const expiresAtMs = nowMs + ttlMs;
      const { changes } = this.#extend.run({ ...keyOf(lease), expiresAtMs, ttlMs });
      return changes === 0 ? undefined : { ...lease, expiresAt: new Date(expiresAtMs) };
    });
  }

  /** @throws AgentError `store_unavailable`; then the lease expires by itself, unless it was let go after all. */
  async release(lease: Lease): Promise<void> {
    this.#write(() => this.#letGo.run(keyOf(lease)));
  }

  close(): void {
    this.#database.close();
  }

  /** The time is read when the file's write lock is had, for that may have taken seconds. */
  #write<Result>(change: (nowMs: number) => Result): Result {
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      const result = change(this.#now());
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.#database.isOpen && this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw new AgentError('store_unavailable', 'The leases of the sessions could not be used', {
        cause: error,
      });
    }
  }
}

function keyOf({ sessionId, holder, fencingToken }: Lease): Record<string, string | number> {
  return { sessionId, holder, fencingToken };
}
