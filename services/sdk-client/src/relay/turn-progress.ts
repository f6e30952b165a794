import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { TurnTakenOverError } from '../errors.ts';
import type { PostedPart, ReplyMemory } from '../reply/live-reply.ts';
import type { TurnLedger, TurnRecord } from './turn-ledger.ts';

/** Waits before the second, third … try to write a step down, in ms: what was sent to Telegram and is forgotten is sent twice. */
const SAVE_RETRY_DELAYS_MS: readonly number[] = [100, 400, 1_600];

const BEGUN: TurnRecord = { state: 'running', posted: [] };

/** One turn's way through the ledger. Every step is durable before the next one is taken. */
export class TurnProgress implements ReplyMemory {
  readonly #ledger: TurnLedger;
  readonly #updateId: number;
  #record: TurnRecord;
  #steps: Promise<void> = Promise.resolve();

  private constructor(ledger: TurnLedger, updateId: number, record: TurnRecord) {
    this.#ledger = ledger;
    this.#updateId = updateId;
    this.#record = record;
  }

  /** Takes the turn up where an earlier delivery of it stopped. */
  static async resume(ledger: TurnLedger, updateId: number): Promise<TurnProgress> {
    return new TurnProgress(ledger, updateId, (await ledger.find(updateId)) ?? BEGUN);
  }

  get isDelivered(): boolean {
    return this.#record.state === 'delivered';
  }

  /** The final text, when an earlier delivery came that far. */
  get answer(): string | undefined {
    return this.#record.answer;
  }

  get posted(): readonly PostedPart[] {
    return this.#record.posted;
  }

  /** What earlier runs of this turn said before their time was up. */
  get paused(): { readonly text: string; readonly runs: number } {
    return this.#record.paused ?? { text: '', runs: 0 };
  }

  async savePaused(text: string): Promise<void> {
    await this.#save((record) => ({ ...record, paused: { text, runs: (record.paused?.runs ?? 0) + 1 } }));
  }

  async savePosted(posted: readonly PostedPart[]): Promise<void> {
    await this.#save((record) => ({ ...record, posted: [...posted] }));
  }

  /** From now on the agent does not run for this turn again. */
  async saveAnswer(answer: string): Promise<void> {
    await this.#save((record) => ({ ...record, state: 'answered', answer }));
  }

  /** The text itself is no longer needed: it is in the chat, and in the session. */
  async saveDelivered(): Promise<void> {
    await this.#save(({ posted }) => ({ state: 'delivered', posted }));
  }

  /** @throws TurnTakenOverError when the ledger no longer says what this delivery wrote last. */
  async confirm(): Promise<void> {
    await this.#inTurn(() => this.#compare());
  }

  async #save(change: (record: TurnRecord) => TurnRecord): Promise<void> {
    await this.#inTurn(async () => {
      await this.#compare();
      const record = change(this.#record);
      await this.#saveAgainAndAgain(record);
      this.#record = record;
    });
  }

  /** A growing reply is written down while the answer is: one step after another, or one would undo the other. */
  async #inTurn(step: () => Promise<void>): Promise<void> {
    const done = this.#steps.then(step);
    this.#steps = done.catch(() => undefined);
    await done;
  }

  async #compare(): Promise<void> {
    if (!isDeepStrictEqual(await this.#saved(), this.#record)) throw new TurnTakenOverError(this.#updateId);
  }

  async #saveAgainAndAgain(record: TurnRecord): Promise<void> {
    for (let tries = 0; ; tries += 1) {
      try {
        await this.#ledger.save(this.#updateId, record);
        return;
      } catch (error) {
        const delayMs = SAVE_RETRY_DELAYS_MS[tries];
        if (delayMs === undefined) throw error;
        await delay(delayMs);
      }
    }
  }

  async #saved(): Promise<TurnRecord> {
    return (await this.#ledger.find(this.#updateId)) ?? BEGUN;
  }
}
