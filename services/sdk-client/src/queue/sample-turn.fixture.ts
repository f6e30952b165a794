import type { Turn } from '@omnicloud/protocol';

/** Changes that move a sample to another group: to another chat, and to what does not touch the session. */
export const OTHER_CHAT = { chat_id: '2' };
export const TO_HELP = { ask: { kind: 'command', command: 'help' } } as const;

/** @returns a message that differs from another one only in its update and, if wanted, its chat or what it asks. */
export function sampleTurn(updateId: number, changes: Partial<Pick<Turn, 'chat_id' | 'ask'>> = {}): Turn {
  return {
    update_id: updateId,
    chat_id: '1',
    chat_type: 'private',
    thread_id: null,
    is_forum: false,
    message_id: updateId,
    sender: { id: '1', name: 'Ada' },
    received_at: '2026-01-01T00:00:00Z',
    ask: { kind: 'message', text: `message ${updateId}` },
    ...changes,
  };
}
