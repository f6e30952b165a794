// backlog, looked at while a turn runs → 👀 on each message that waits behind it
import { groupOf, type Turn } from '@omnicloud/protocol';
import type { Backlog, BacklogEntry } from '../queue/backlog.ts';
import type { TelegramChat } from '../reply/telegram-chat.ts';
import type { Telling } from './telling.ts';
import type { TurnLedger } from './turn-ledger.ts';

const LOOK_INTERVAL_MS = 1_000;
const WAITING = '👀';
/** Of very many messages the first ones are marked: each mark is a call, and one more takes it off. */
const MAX_MARKED = 30;

/**
 * Marks the messages that are queued behind a running turn, until the returned function is called.
 * @param taken the updates that the turn answers itself
 */
export function showWaiting(
  turn: Turn,
  taken: readonly number[],
  { chat, confirm, onError }: Pick<Telling, 'chat' | 'confirm' | 'onError'>,
  { backlog, ledger }: { readonly backlog: Pick<Backlog, 'list'>; readonly ledger: TurnLedger },
): () => void {
  const shown = new Set(taken);
  let isLooking = false;
  let isOver = false;
  const look = async (): Promise<void> => {
    const entries = await backlog.list(groupOf(turn));
    const position = entries.findIndex((entry) => entry.turn.update_id === turn.update_id);
    for (const { turn: next, behind } of position < 0 ? [] : entries.slice(position)) {
      // What nobody wrote cannot be marked.
      if (shown.has(next.update_id) || next.ask.kind === 'migration' || behind > MAX_MARKED) continue;
      shown.add(next.update_id);
      // What was begun does not wait: it is the late copy of an update that is done.
      if ((await ledger.find(next.update_id)) !== undefined) continue;
      await confirm();
      if (isOver) return;
      await chat.react(next.message_id, WAITING);
    }
  };
  const timer = setInterval(() => {
    if (isLooking) return;
    isLooking = true;
    void look()
      .catch(onError)
      .finally(() => {
        isLooking = false;
      });
  }, LOOK_INTERVAL_MS);
  return () => {
    isOver = true;
    clearInterval(timer);
  };
}

/** Takes the marks off messages that are answered now. Those that never waited have none. */
export async function takeMarksOff(
  taken: readonly number[],
  entries: readonly BacklogEntry[],
  chat: TelegramChat,
  onError: (error: unknown) => void,
): Promise<void> {
  const marked = entries.filter(
    ({ turn, behind }) => behind > 0 && behind <= MAX_MARKED && taken.includes(turn.update_id),
  );
  for (const { turn } of marked) await chat.react(turn.message_id, undefined).catch(onError);
}
