import type { PostedPart, ReplyMemory } from '../reply/live-reply.ts';
import { SavedRecord } from './saved-record.ts';
import type { TurnLedger } from './turn-ledger.ts';
import type { MergedTurn, MissingAttachment, TurnFile, Waits } from './turn-record.ts';
import { TurnSoFar } from './turn-so-far.ts';
import * as steps from './turn-steps.ts';

/**
 * One delivery's way through its turn's record. Every method that writes throws TurnTakenOverError when another delivery has gone on
 * with the turn, and TurnStateError when the turn is in a state that does not allow the step; nothing is written then.
 */
export class TurnProgress extends TurnSoFar implements ReplyMemory {
  readonly #saved: SavedRecord;

  private constructor(saved: SavedRecord) {
    super(() => saved.current);
    this.#saved = saved;
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
    const found = await ledger.find(updateId);
    const saved = new SavedRecord({ ledger, updateId }, found, onUndecidable);
    const progress = new TurnProgress(saved);
    if (!progress.isOver) await saved.save(steps.begin);
    return progress;
  }

  /** Whether no other delivery has done anything for the turn. */
  get isFirst(): boolean {
    return this.#saved.isFirst;
  }

  /** The delivery ends with the run: the next one goes on, and counts as no try. */
  async savePaused(text: string, files: readonly TurnFile[] = []): Promise<void> {
    await this.#saved.save((record) => steps.pause(record, text, files));
  }

  /** This delivery ends without being a try. */
  async saveDeferral(): Promise<void> {
    await this.#saved.save(steps.defer);
  }

  /** As `saveDeferral`, because of an outage. */
  async saveOutage(outage: Waits): Promise<void> {
    await this.#saved.save((record) => steps.waitOut(record, outage));
  }

  async saveLeaving(sessionId: string): Promise<void> {
    await this.#saved.save((record) => steps.leaveSession(record, sessionId));
  }

  /** Saved before the conversation is left: a later try finds nothing that was lost. */
  async saveSessionLost(): Promise<void> {
    await this.#saved.save(steps.loseSession);
  }

  /** Saved before the run goes on: its end may save the repaired conversation, and then no later try finds the damage. */
  async saveLostTurns(count: number): Promise<void> {
    if (count > (this.lostTurns ?? -1)) await this.#saved.save((record) => steps.loseTurns(record, count));
  }

  async saveMerged(merged: readonly MergedTurn[]): Promise<void> {
    await this.#saved.save((record) => steps.takeAlong(record, merged));
  }

  async saveMissing(missing: readonly MissingAttachment[]): Promise<void> {
    await this.#saved.save((record) => steps.goWithout(record, missing));
  }

  async saveSending(part: number): Promise<void> {
    await this.#saved.save((record) => steps.send(record, part));
  }

  async savePosted(posted: readonly PostedPart[]): Promise<void> {
    await this.#saved.save((record) => steps.post(record, posted));
  }

  /** From now on the agent does not run for this turn again. */
  async saveAnswer(answer: string, files: readonly TurnFile[] = []): Promise<void> {
    await this.#saved.save((record) => steps.answer(record, answer, files));
  }

  /** As `saveSending`: a delivery that finds this and no more files delivered cannot know whether the next one arrived. */
  async saveSendingFile(): Promise<void> {
    await this.saveSending(this.posted.length);
  }

  /** @param document the message that holds the whole answer; undefined when the user was told that there will be none. */
  async saveAnswerAttached(document?: number): Promise<void> {
    await this.#saved.save((record) => steps.attachAnswer(record, document));
  }

  /** @param document the message that is the next of the files; undefined when the user was told that there will be none. */
  async saveFileDelivered(document?: number): Promise<void> {
    await this.#saved.save((record) => steps.deliverFile(record, document));
  }

  async saveOutsideTopic(): Promise<void> {
    await this.#saved.save(steps.leaveTopic);
  }

  /** From now on this turn does not deliver the answer itself. */
  async saveKept(): Promise<void> {
    await this.#saved.save(steps.keep);
  }

  /** Hands the answer, and how much of it is delivered, on to another turn; what was handed on before stays as it is. */
  async handOnTo(updateId: number): Promise<void> {
    await this.#saved.handOnTo(updateId);
  }

  /** @param document a message that is the whole answer, such as an archive. */
  async saveDelivered(document?: number): Promise<void> {
    await this.#saved.save((record) => steps.deliver(record, document));
  }

  /** The user was told that the turn is put aside: when it comes back, all tries are before it again. */
  async saveGivenUp(): Promise<void> {
    await this.#saved.save(steps.giveUp);
  }

  /** @throws TurnTakenOverError when another delivery has gone on with the turn. */
  async confirm(): Promise<void> {
    await this.#saved.confirm();
  }

  async isPosted(messageId: number): Promise<boolean> {
    return this.#saved.isPosted(messageId);
  }
}
