import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { TurnTakenOverError } from '../errors.ts';
import type { PostedPart, ReplyMemory } from '../reply/live-reply.ts';
import type { MergedTurn, MissingAttachment, TurnFile, TurnLedger, TurnRecord } from './turn-ledger.ts';

/** Waits before the second, third … try to write a step down, in ms: what was sent to Telegram and is forgotten is sent twice. */
const SAVE_RETRY_DELAYS_MS: readonly number[] = [100, 400, 1_600];

const BEGUN: TurnRecord = {
  state: 'running',
  version: 0,
  delivery: '',
  posted: [],
  undecidableSends: 0,
  deferrals: 0,
};

const NO_OUTAGE = { code: 'internal', waits: 0, isTold: false, isWaiting: false } as const;

/**
 * One delivery's way through its turn's record. Every step is durable before the next one is taken, and is written only while
 * no other delivery has gone on with the turn; else every method that writes throws TurnTakenOverError.
 */
export class TurnProgress implements ReplyMemory {
  /** Whether no other delivery has done anything for the turn. */
  readonly isFirst: boolean;
  readonly #ledger: TurnLedger;
  readonly #updateId: number;
  readonly #delivery = randomUUID();
  readonly #onUndecidable: () => void;
  #record: TurnRecord;
  #steps: Promise<void> = Promise.resolve();

  private constructor(
    ledger: TurnLedger,
    updateId: number,
    found: TurnRecord | undefined,
    onUndecidable: () => void,
  ) {
    this.#ledger = ledger;
    this.#updateId = updateId;
    this.isFirst = found === undefined;
    this.#record = found ?? BEGUN;
    this.#onUndecidable = onUndecidable;
  }

  /**
   * Takes the turn up where an earlier delivery of it stopped; from now on that one writes nothing more.
   * @param onUndecidable told of each send whose end nobody knows, and which is therefore repeated
   */
  static async resume(
    ledger: TurnLedger,
    updateId: number,
    onUndecidable: () => void = () => undefined,
  ): Promise<TurnProgress> {
    const progress = new TurnProgress(ledger, updateId, await ledger.find(updateId), onUndecidable);
    if (!progress.isOver)
      await progress.#save((found) => progress.#begunAgain(progress.#withoutSending(found)));
    return progress;
  }

  /** Whether there is nothing left to do. */
  get isOver(): boolean {
    return this.#record.state === 'delivered';
  }

  /** The turn that is to answer this one. */
  get mergedInto(): number | undefined {
    return this.#record.mergedInto;
  }

  /** The final text, when an earlier delivery came that far. */
  get answer(): string | undefined {
    return this.#record.answer;
  }

  /** Whether the answer's file, if it needs one, is in the chat. */
  get isAnswerAttached(): boolean {
    return this.#record.isAnswerAttached ?? false;
  }

  /** Whether the answer goes to the chat itself instead of its topic. */
  get isOutsideTopic(): boolean {
    return this.#record.isOutsideTopic ?? false;
  }

  /** Whether another turn is to deliver the answer. */
  get isKept(): boolean {
    return this.#record.isKept ?? false;
  }

  get posted(): readonly PostedPart[] {
    return this.#record.posted;
  }

  /** What the agent sends with the answer, as far as it is known. */
  get files(): readonly TurnFile[] {
    return this.#record.files ?? [];
  }

  /** So many of the files are in the chat. */
  get filesDelivered(): number {
    return this.#record.filesDelivered ?? 0;
  }

  /** What earlier runs of this turn said before their time was up. */
  get paused(): { readonly text: string; readonly runs: number } {
    return this.#record.paused ?? { text: '', runs: 0 };
  }

  /** What is known of the outage that the turn waited for last; none so far unless it says so. */
  get outage(): NonNullable<TurnRecord['outage']> {
    return this.#record.outage ?? NO_OUTAGE;
  }

  /** Deliveries that were no try. */
  get deferrals(): number {
    return this.#record.deferrals;
  }

  /** How often the turn was put off, the end of an outage aside. */
  get pauses(): number {
    return this.deferrals - this.outage.waits;
  }

  /** The session that `/new` leaves; empty when there was none, undefined until that is decided. */
  get leaves(): string | undefined {
    return this.#record.leaves;
  }

  /** Whether the conversation was found to be lost, and its user has still to be told. */
  get isSessionLost(): boolean {
    return this.#record.isSessionLost ?? false;
  }

  /** How many turns a repaired conversation lacks, when its user has still to be told; undefined for none that was repaired. */
  get lostTurns(): number | undefined {
    return this.#record.lostTurns;
  }

  /** The user's files that the agent does without; undefined until that is decided. */
  get missing(): readonly MissingAttachment[] | undefined {
    return this.#record.missing;
  }

  /** The later turns that are answered with this one; undefined until that is decided. */
  get merged(): readonly MergedTurn[] | undefined {
    return this.#record.merged;
  }

  /** The delivery ends with the run: the next one goes on, and counts as no try. */
  async savePaused(text: string, files: readonly TurnFile[] = []): Promise<void> {
    // What was lost before this run is said in its text.
    await this.#save(({ isSessionLost, lostTurns, ...record }) => ({
      ...withFiles(record, files),
      deferrals: record.deferrals + 1,
      paused: { text, runs: (record.paused?.runs ?? 0) + 1 },
    }));
  }

  /** This delivery ends without being a try. */
  async saveDeferral(): Promise<void> {
    await this.#save((record) => ({ ...record, deferrals: record.deferrals + 1 }));
  }

  /** As `saveDeferral`, because of an outage. */
  async saveOutage(outage: NonNullable<TurnRecord['outage']>): Promise<void> {
    await this.#save((record) => ({ ...record, outage, deferrals: record.deferrals + 1 }));
  }

  async saveLeaving(sessionId: string): Promise<void> {
    await this.#save((record) => ({ ...record, leaves: sessionId }));
  }

  /** Written down before the conversation is left: a later try finds nothing that was lost. */
  async saveSessionLost(): Promise<void> {
    // A conversation that is gone has no damage of its own any more.
    await this.#save(({ lostTurns, ...record }) => ({ ...record, isSessionLost: true }));
  }

  /** Written down before the run goes on: its end may save the repaired conversation, and then no later try finds the damage. */
  async saveLostTurns(count: number): Promise<void> {
    const { lostTurns = -1 } = this.#record;
    if (count > lostTurns) await this.#save((record) => ({ ...record, lostTurns: count }));
  }

  async saveMerged(merged: readonly MergedTurn[]): Promise<void> {
    await this.#save((record) => ({ ...record, merged: [...merged] }));
  }

  async saveMissing(missing: readonly MissingAttachment[]): Promise<void> {
    await this.#save((record) => ({ ...record, missing: [...missing] }));
  }

  async saveSending(part: number): Promise<void> {
    await this.#save((record) => ({ ...this.#withoutSending(record), sending: part }));
  }

  async savePosted(posted: readonly PostedPart[]): Promise<void> {
    await this.#save(({ sending, ...record }) => ({ ...record, posted: [...posted] }));
  }

  /** From now on the agent does not run for this turn again. */
  async saveAnswer(answer: string, files: readonly TurnFile[] = []): Promise<void> {
    await this.#save(({ paused, ...record }) => ({
      ...withFiles(record, files),
      // The answer holds it.
      ...(paused === undefined ? {} : { paused: { ...paused, text: '' } }),
      state: 'answered',
      answer,
    }));
  }

  /** As `saveSending`: whoever finds this and no more files delivered cannot know whether the next one arrived. */
  async saveSendingFile(): Promise<void> {
    await this.saveSending(this.#record.posted.length);
  }

  /** The whole answer is in the chat as a document, or, without one, its user was told that it will not be. */
  async saveAnswerAttached(document?: number): Promise<void> {
    await this.#save(({ sending, ...record }) => ({
      ...withDocument(record, document),
      isAnswerAttached: true,
    }));
  }

  /** The next of the files is in the chat as a document, or, without one, its user was told that it will not be. */
  async saveFileDelivered(document?: number): Promise<void> {
    await this.#save(({ sending, ...record }) => ({
      ...withDocument(record, document),
      filesDelivered: this.filesDelivered + 1,
    }));
  }

  async saveOutsideTopic(): Promise<void> {
    await this.#save(({ sending, ...record }) => ({ ...record, isOutsideTopic: true }));
  }

  /** From now on this turn does not deliver the answer itself. */
  async saveKept(): Promise<void> {
    await this.#save(({ sending, ...record }) => ({ ...record, isKept: true }));
  }

  /** Hands the answer, and how much of it is delivered, on to another turn; what was handed on before stays as it is. */
  async handOnTo(updateId: number): Promise<void> {
    const { sending, merged, isKept, begun, outage, ...record } = this.#record;
    await this.#ledger.save(updateId, { ...record, version: 1, delivery: this.#delivery, deferrals: 0 });
  }

  /** The text itself is no longer needed: it is in the chat, and in the session. */
  async saveDelivered(document?: number): Promise<void> {
    await this.#save(({ answer, paused, sending, files, ...record }) => ({
      ...withDocument(record, document),
      state: 'delivered',
    }));
  }

  /** The user was told that it is put aside: when it comes back, all tries are before it again. */
  async saveGivenUp(): Promise<void> {
    await this.#save(({ outage, isSessionLost, lostTurns, ...record }) => ({
      ...record,
      begun: 0,
      deferrals: 0,
    }));
  }

  /** @throws TurnTakenOverError when another delivery has gone on with the turn. */
  async confirm(): Promise<void> {
    await this.#inTurn(async () => {
      const saved = await this.#ledger.find(this.#updateId);
      if (saved?.version !== this.#record.version || saved.delivery !== this.#delivery) {
        throw new TurnTakenOverError(this.#updateId);
      }
    });
  }

  async isPosted(messageId: number): Promise<boolean> {
    const saved = await this.#ledger.find(this.#updateId);
    return (
      (saved?.posted.some((part) => part.messageId === messageId) ?? false) ||
      (saved?.documents?.includes(messageId) ?? false)
    );
  }

  /** Whoever finds a send that was begun and not ended cannot know whether it arrived. */
  #withoutSending({ sending, ...record }: TurnRecord): TurnRecord {
    if (sending === undefined) return record;
    return { ...record, undecidableSends: record.undecidableSends + 1 };
  }

  #begunAgain(record: TurnRecord): TurnRecord {
    const { outage } = record;
    const noWait = outage === undefined ? {} : { outage: { ...outage, isWaiting: false } };
    return { ...record, ...noWait, begun: (record.begun ?? 0) + 1 };
  }

  async #save(change: (record: TurnRecord) => TurnRecord): Promise<void> {
    await this.#inTurn(async () => {
      const version = this.#record.version + 1;
      const record = { ...change(this.#record), version, delivery: this.#delivery };
      if (!(await this.#saveAgainAndAgain(record))) throw new TurnTakenOverError(this.#updateId);
      const { undecidableSends: before } = this.#record;
      this.#record = record;
      if (record.undecidableSends > before) this.#onUndecidable();
    });
  }

  /** A growing reply is written down while the answer is: one step after another, or one would undo the other. */
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

function withDocument(record: TurnRecord, document: number | undefined): TurnRecord {
  return document === undefined ? record : { ...record, documents: [...(record.documents ?? []), document] };
}

/** Each run of a turn adds its own. */
function withFiles(record: TurnRecord, files: readonly TurnFile[]): TurnRecord {
  return files.length === 0 ? record : { ...record, files: [...(record.files ?? []), ...files] };
}
