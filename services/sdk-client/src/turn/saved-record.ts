import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { TurnTakenOverError } from '../errors.ts';
import type { TurnLedger } from './turn-ledger.ts';
import type { TurnRecord } from './turn-record.ts';
import { handOn, NEW_TURN } from './turn-steps.ts';

/** Waits before the second, third … try to save a step, in ms. A send that is not recorded will be repeated. */
const SAVE_RETRY_DELAYS_MS: readonly number[] = [100, 400, 1_600];

/**
 * The record of one turn as one delivery saves it. Every step is durable before the next one is taken, and is saved only while no
 * other delivery has gone on with the turn.
 */
export class SavedRecord {
  /** Whether no other delivery has done anything for the turn. */
  readonly isFirst: boolean;
  readonly #ledger: TurnLedger;
  readonly #updateId: number;
  readonly #delivery = randomUUID();
  readonly #onUndecidable: () => void;
  #current: TurnRecord;
  #steps: Promise<void> = Promise.resolve();

  /**
   * @param found the record as the ledger has it; undefined when there is none.
   * @param onUndecidable told of each send whose end nobody knows, and which is therefore repeated.
   */
  constructor(
    { ledger, updateId }: { readonly ledger: TurnLedger; readonly updateId: number },
    found: TurnRecord | undefined,
    onUndecidable: () => void,
  ) {
    this.#ledger = ledger;
    this.#updateId = updateId;
    this.isFirst = found === undefined;
    this.#current = found ?? NEW_TURN;
    this.#onUndecidable = onUndecidable;
  }

  /** The record as this delivery found or saved it last. */
  get current(): TurnRecord {
    return this.#current;
  }

  /** @throws TurnTakenOverError when another delivery has gone on with the turn; TurnStateError when the turn is not where the step begins. */
  async save(step: (record: TurnRecord) => TurnRecord): Promise<void> {
    await this.#inTurn(async () => {
      const version = this.#current.version + 1;
      const record = { ...step(this.#current), version, delivery: this.#delivery };
      if (!(await this.#saveAgainAndAgain(record))) throw new TurnTakenOverError(this.#updateId);
      const { undecidableSends: before } = this.#current;
      this.#current = record;
      if (record.undecidableSends > before) this.#onUndecidable();
    });
  }

  /** @throws TurnTakenOverError when another delivery has gone on with the turn. */
  async confirm(): Promise<void> {
    await this.#inTurn(async () => {
      const saved = await this.#ledger.find(this.#updateId);
      if (saved?.version !== this.#current.version || saved.delivery !== this.#delivery) {
        throw new TurnTakenOverError(this.#updateId);
      }
    });
  }

  /** Begins the other turn with the answer of this one. A turn that has begun already stays as it is. */
  async handOnTo(updateId: number): Promise<void> {
    await this.#ledger.save(updateId, handOn(this.#current, this.#delivery));
  }

  /** @returns whether any delivery has saved the message as a part of the reply. */
  async isPosted(messageId: number): Promise<boolean> {
    const saved = await this.#ledger.find(this.#updateId);
    return (
      (saved?.posted.some((part) => part.messageId === messageId) ?? false) ||
      (saved?.documents?.includes(messageId) ?? false)
    );
  }

  /** A growing reply is saved while the answer is: one step after another, or one would undo the other. */
  async #inTurn(step: () => Promise<void>): Promise<void> {
    const done = this.#steps.then(step);
    this.#steps = done.catch(() => undefined);
    await done;
  }

  async #saveAgainAndAgain(record: TurnRecord): Promise<boolean> {
    for (let tries = 0; ; tries += 1) {
      try {
        return await this.#ledger.save(this.#updateId, record);
      } catch (error) {
        const delayMs = SAVE_RETRY_DELAYS_MS[tries];
        if (delayMs === undefined) throw error;
        await delay(delayMs);
      }
    }
  }
}
