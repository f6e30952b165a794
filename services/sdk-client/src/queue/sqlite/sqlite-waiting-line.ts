import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type ChatShares, lineUp } from './choose-next.ts';
import type { TurnRows } from './turn-rows.ts';
import { asTurn, type StaleSign, type WaitingLine, type WaitingTurn } from '../waiting-line.ts';

/** A sign that is being sent (0) by a process that died is none, and is not sent again: twice would be worse. */
const NO_SIGN_AGAIN = -1;

/** Whoever stands further back is shown nothing before he comes nearer: the line is read again and again. */
const MAX_SHOWN = 500;

interface LineOptions {
  readonly rows: TurnRows;
  readonly now: () => number;
  /** What the chats have of the slots now. */
  readonly shares: () => ChatShares;
}

/** The line of the turns in the queue's own file. */
export class SqliteWaitingLine implements WaitingLine {
  readonly #options: LineOptions;
  readonly #turn: StatementSync;
  readonly #begin: StatementSync;
  readonly #save: StatementSync;
  readonly #stale: StatementSync;

  /** @param database opened with `TURN_MIGRATIONS` */
  constructor(database: DatabaseSync, options: LineOptions) {
    this.#options = options;
    this.#turn = database.prepare('SELECT turn_json AS turnJson FROM turns WHERE position = ?');
    this.#begin = database.prepare('UPDATE turns SET sign = 0 WHERE update_id = ? AND sign IS NULL');
    this.#save = database.prepare('UPDATE turns SET sign = ? WHERE update_id = ?');
    this.#stale = database.prepare(
      `SELECT update_id AS updateId, chat AS chatId, sign FROM turns
       WHERE sign > 0 AND (state <> 'open' OR (claim IS NOT NULL AND available_at_ms > ?))`,
    );
  }

  waiting(): WaitingTurn[] {
    const candidates = this.#options.rows.candidates('session', this.#options.now());
    const line = lineUp(candidates, this.#options.shares()).slice(0, MAX_SHOWN);
    return line.flatMap(({ position, sign }, ahead): WaitingTurn[] => {
      const turn = asTurn(String(this.#turn.get(position)?.turnJson));
      return turn === undefined ? [] : [{ turn, ahead, sign: sign !== null && sign > 0 ? sign : undefined }];
    });
  }

  beginSign(updateId: number): boolean {
    return this.#begin.run(updateId).changes === 1;
  }

  saveSign(updateId: number, sign: number | undefined): void {
    this.#save.run(sign ?? NO_SIGN_AGAIN, updateId);
  }

  staleSigns(): StaleSign[] {
    return this.#stale.all(this.#options.now()) as unknown as StaleSign[];
  }
}
