import type { Turn } from '@omnicloud/protocol';
import type { TurnRecord } from './turn-ledger.ts';

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

/** @returns the first record of a turn that is under way, unless the changes say otherwise. */
export function recordOf(changes: Partial<TurnRecord> = {}): TurnRecord {
  const begun = { state: 'running', version: 1, delivery: 'one', posted: [] } as const;
  return { ...begun, posted: [], undecidableSends: 0, deferrals: 0, ...changes };
}
