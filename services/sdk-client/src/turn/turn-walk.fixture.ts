// one turn, a ledger that remembers its whole way, all that a delivery may do with the turn
import type { TurnLedger } from './turn-ledger.ts';
import { type TurnRecord, type TurnState, UNANSWERED, UNFINISHED } from './turn-record.ts';
import type { TurnProgress } from './turn-progress.ts';

export const UPDATE = 7;
/** The turn that an answer is handed on to. */
const KEPT = -7;

/** Keeps every record it ever took. */
export class RecordingLedger implements TurnLedger {
  readonly history: TurnRecord[] = [];
  handedOn: TurnRecord | undefined;

  find(): Promise<TurnRecord | undefined> {
    return Promise.resolve(this.history.at(-1));
  }

  save(updateId: number, record: TurnRecord): Promise<boolean> {
    if (updateId === KEPT) {
      this.handedOn ??= record;
      return Promise.resolve(this.handedOn === record);
    }
    if (record.version !== (this.history.at(-1)?.version ?? 0) + 1) return Promise.resolve(false);
    this.history.push(record);
    return Promise.resolve(true);
  }

  get edges(): string[] {
    const first = this.handedOn === undefined ? [] : [`[*] --> ${this.handedOn.state}`];
    const next = this.history.map(({ state }, at) => `${this.history[at - 1]?.state ?? '[*]'} --> ${state}`);
    return [...first, ...next];
  }

  get state(): TurnState | undefined {
    return this.history.at(-1)?.state;
  }
}

const FILE = { file_id: '0190c8a4-0000-4000-8000-000000000000', name: 'a.md', size: 1, session_id: 'one' };

export const OUTAGE = { code: 'store_unavailable', waits: 1, isTold: false, isWaiting: true } as const;
const MISSING = { id: '42-0', name: 'b.pdf', reason: 'unavailable' } as const;

/** What a delivery may do with its turn. */
export const STEPS = {
  send: (progress: TurnProgress) => progress.saveSending(progress.posted.length),
  posted: (progress: TurnProgress) =>
    progress.savePosted([...progress.posted, { messageId: progress.posted.length, shown: '' }]),
  paused: (progress: TurnProgress) => progress.savePaused('so far'),
  putOff: (progress: TurnProgress) => progress.saveDeferral(),
  answer: (progress: TurnProgress) => progress.saveAnswer('the answer', [FILE]),
  sendFile: (progress: TurnProgress) => progress.saveSendingFile(),
  fileSent: (progress: TurnProgress) => progress.saveFileDelivered(),
  sessionLost: (progress: TurnProgress) => progress.saveSessionLost(),
  repaired: (progress: TurnProgress) => progress.saveLostTurns((progress.lostTurns ?? -1) + 1),
  leave: (progress: TurnProgress) => progress.saveLeaving('session'),
  merge: (progress: TurnProgress) => progress.saveMerged([{ updateId: 8, messageId: 80, text: 'and this' }]),
  confirm: (progress: TurnProgress) => progress.confirm(),
  delivered: (progress: TurnProgress) => progress.saveDelivered(),
  waits: (progress: TurnProgress) => progress.saveOutage(OUTAGE),
  missing: (progress: TurnProgress) => progress.saveMissing([MISSING]),
  attached: (progress: TurnProgress) => progress.saveAnswerAttached(1),
  leaveTopic: (progress: TurnProgress) => progress.saveOutsideTopic(),
  kept: (progress: TurnProgress) => progress.saveKept(),
  handOn: (progress: TurnProgress) => progress.handOnTo(KEPT),
} as const;

/** The states in which each of these makes sense. */
export const ALLOWED: Record<keyof typeof STEPS, readonly TurnState[]> = {
  send: UNFINISHED,
  posted: UNFINISHED,
  paused: UNANSWERED,
  putOff: UNFINISHED,
  answer: UNFINISHED,
  sendFile: UNFINISHED,
  fileSent: ['answered'],
  sessionLost: UNANSWERED,
  repaired: UNANSWERED,
  leave: ['running'],
  merge: ['running'],
  confirm: UNFINISHED,
  delivered: ['running', 'answered'],
  waits: UNFINISHED,
  missing: UNANSWERED,
  attached: UNFINISHED,
  leaveTopic: ['answered'],
  kept: ['answered'],
  handOn: ['answered'],
};
