import type { PostedPart } from '../reply/live-reply.ts';
import {
  isIn,
  type MergedTurn,
  type MissingAttachment,
  type TurnFile,
  type TurnRecord,
  UNANSWERED,
  UNFINISHED,
  type Waits,
} from './turn-record.ts';

const NO_PAUSE = { text: '', runs: 0 };
const NO_OUTAGE = { code: 'internal', waits: 0, isTold: false, isWaiting: false } as const;

/** What is known of a turn, whatever state it is in. */
export class TurnSoFar {
  readonly #current: () => TurnRecord;

  /** @param current gives the record as it is at the moment. */
  constructor(current: () => TurnRecord) {
    this.#current = current;
  }

  /** Whether there is nothing left to do. */
  get isOver(): boolean {
    return this.#current().state === 'delivered';
  }

  /** The turn that is to answer this one. */
  get mergedInto(): number | undefined {
    const record = this.#current();
    return record.state === 'running' ? undefined : record.mergedInto;
  }

  /** The later turns that are answered with this one; undefined until that is decided. */
  get merged(): readonly MergedTurn[] | undefined {
    const record = this.#current();
    return record.state === 'merged' ? undefined : record.merged;
  }

  /** The final text, when it is known and not yet delivered. */
  get answer(): string | undefined {
    const record = this.#current();
    return record.state === 'answered' ? record.answer : undefined;
  }

  /** Whether the answer's file, if it needs one, is in the chat. */
  get isAnswerAttached(): boolean {
    return this.#unfinished?.isAnswerAttached ?? false;
  }

  /** Whether the answer goes to the chat itself instead of its topic. */
  get isOutsideTopic(): boolean {
    const record = this.#current();
    return record.state === 'answered' && (record.isOutsideTopic ?? false);
  }

  /** Whether another turn is to deliver the answer. */
  get isKept(): boolean {
    const record = this.#current();
    return record.state === 'answered' && (record.isKept ?? false);
  }

  get posted(): readonly PostedPart[] {
    return this.#current().posted;
  }

  /** What the agent sends with the answer, as far as it is known. */
  get files(): readonly TurnFile[] {
    return this.#unfinished?.files ?? [];
  }

  /** So many of the files are in the chat. */
  get filesDelivered(): number {
    const record = this.#current();
    return record.state === 'answered' ? (record.filesDelivered ?? 0) : 0;
  }

  /** What earlier runs of this turn said before their time was up; nothing once the answer, which holds it, is known. */
  get paused(): { readonly text: string; readonly runs: number } {
    return this.#unanswered?.paused ?? NO_PAUSE;
  }

  /** What is known of the outage that the turn waited for last; none so far unless it says so. */
  get outage(): Waits {
    return this.#unfinished?.outage ?? NO_OUTAGE;
  }

  /** Deliveries that were no try. */
  get deferrals(): number {
    return this.#current().deferrals;
  }

  /** How often the turn was put off, the end of an outage aside. */
  get pauses(): number {
    return this.deferrals - this.outage.waits;
  }

  /** The session that `/new` leaves; empty when there was none, undefined until that is decided. */
  get leaves(): string | undefined {
    const record = this.#current();
    return record.state === 'running' ? record.leaves : undefined;
  }

  /** Whether the conversation was found to be lost, and its user has still to be told. */
  get isSessionLost(): boolean {
    return this.#unfinished?.isSessionLost ?? false;
  }

  /** How many turns a repaired conversation lacks, when its user has still to be told; undefined for none that was repaired. */
  get lostTurns(): number | undefined {
    return this.#unfinished?.lostTurns;
  }

  /** The user's files that the agent does without; undefined until that is decided, and once the answer is known. */
  get missing(): readonly MissingAttachment[] | undefined {
    return this.#unanswered?.missing;
  }

  get #unanswered() {
    const record = this.#current();
    return isIn(record, UNANSWERED) ? record : undefined;
  }

  get #unfinished() {
    const record = this.#current();
    return isIn(record, UNFINISHED) ? record : undefined;
  }
}
