import type { Turn } from '@omnicloud/protocol';
import type { RecordIn, TurnRecord } from './turn-record.ts';

/** @returns Ada's message in a private chat with the bot, unless the changes say otherwise. */
export function turnOf(changes: Partial<Turn> = {}): Turn {
  return {
    update_id: 812_345_678,
    chat_id: '7123456789',
    chat_type: 'private',
    thread_id: null,
    is_forum: false,
    message_id: 42,
    sender: { id: '7123456789', name: 'Ada Lovelace', username: 'ada_l', language_code: 'en' },
    received_at: '2026-01-02T03:04:05.000Z',
    ask: { kind: 'message', text: 'What is the weather?' },
    ...changes,
  };
}

/** What the first record of every turn has. */
type Begun = Pick<TurnRecord, 'version' | 'delivery' | 'posted' | 'undecidableSends' | 'deferrals'>;
type Given<Each extends TurnRecord> = Each extends TurnRecord
  ? Omit<Each, keyof Begun> & Partial<Begun>
  : never;

/** @returns the first record of a turn that is under way, unless the changes say otherwise. */
export function recordOf(changes: Given<TurnRecord> | Partial<RecordIn<'running'>> = {}): TurnRecord {
  const begun: Begun = { version: 1, delivery: 'one', posted: [], undecidableSends: 0, deferrals: 0 };
  return { state: 'running', ...begun, ...changes };
}

const IN_EVERY_STATE = {
  posted: [{ messageId: 7, shown: '{"text":"über 🦊","entities":[]}' }],
  documents: [8, 9],
  undecidableSends: 3,
  deferrals: 2,
  begun: 4,
};
const FILE = { file_id: '0190c8a4-0000-4000-8000-000000000000', name: 'a.md', size: 1, caption: 'A' };
const UNTIL_DELIVERED = {
  ...IN_EVERY_STATE,
  sending: 1,
  files: [{ ...FILE, session_id: '0190c8a4-0000-4000-8000-000000000001' }],
  isAnswerAttached: true,
  outage: {
    code: 'model_throttled' as const,
    waits: 2,
    inRow: 1,
    waitedMs: 4_100.5,
    isTold: true,
    isLongTold: false,
    isWaiting: true,
    receipt: 'a receipt',
  },
  isSessionLost: true,
  lostTurns: 2,
};
const UNTIL_ANSWERED = {
  ...UNTIL_DELIVERED,
  missing: [{ id: '42-0', name: 'b.pdf', reason: 'unavailable' as const }],
  paused: { text: 'Half', runs: 1 },
};
const merged = [
  {
    updateId: 2,
    messageId: 43,
    text: 'und dies',
    files: [{ file_id: 'BQACAgIAAxkBAAI', name: 'c.png', size: 3, media_type: 'image/png' }],
  },
];

/** One record of each state that has all that a record can have there; an answered one may have led or have been merged itself. */
export const FULL_RECORDS: readonly TurnRecord[] = [
  recordOf({ ...UNTIL_ANSWERED, state: 'running', merged, leaves: '0190c8a4-0000-4000-8000-000000000002' }),
  recordOf({ ...UNTIL_ANSWERED, state: 'merged', mergedInto: 9 }),
  recordOf({
    ...UNTIL_DELIVERED,
    state: 'answered',
    merged,
    mergedInto: 9,
    answer: '**Ja**, 你好\n',
    filesDelivered: 1,
    isOutsideTopic: true,
    isKept: true,
  }),
  recordOf({ ...IN_EVERY_STATE, state: 'delivered', merged, mergedInto: 9 }),
];
