// backlog, looked at while a turn runs → 👀 on each message that waits behind it
import { setTimeout as delay } from 'node:timers/promises';
import { groupOf, type Turn } from '@omnicloud/protocol';
import { TelegramError } from '../errors.ts';
import type { Backlog, BacklogEntry } from '../queue/backlog/backlog.ts';
import type { ReplyContext } from './reply-context.ts';
import type { TurnLedger } from '../turn/turn-ledger.ts';

const LOOK_INTERVAL_MS = 1_000;
const WAITING = '👀';
/** Of very many messages the first ones are marked: each mark is a call, and one more takes it off. */
const MAX_MARKED = 30;

/** How often one mark is tried to be taken off, and the longest wait in between, in ms. */
const REMOVAL_TRIES = 4;
const FIRST_RETRY_MS = 500;
const LONGEST_WAIT_MS = 5_000;

/**
 * Marks the messages that are queued behind a running turn, until the returned function is called.
 * @param taken the updates that the turn answers itself
 * @returns ends it; resolves when no mark is on its way any more, so that whoever takes one off comes after it. Never rejects.
 */
export function showWaiting(
  turn: Turn,
  taken: readonly number[],
  { chat, confirm, onError }: Pick<ReplyContext, 'chat' | 'confirm' | 'onError'>,
  { backlog, ledger }: { readonly backlog: Pick<Backlog, 'list'>; readonly ledger: TurnLedger },
): () => Promise<void> {
  const shown = new Set(taken);
  let looking: Promise<void> | undefined;
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
    looking ??= look()
      .catch(onError)
      .finally(() => {
        looking = undefined;
      });
  }, LOOK_INTERVAL_MS);
  return async () => {
    isOver = true;
    clearInterval(timer);
    await looking;
  };
}

/** Takes the marks off messages that are answered now. Those that never waited have none. Never rejects. */
export async function takeMarksOff(
  taken: readonly number[],
  entries: readonly BacklogEntry[],
  { chat, onError }: Pick<ReplyContext, 'chat' | 'onError'>,
): Promise<void> {
  const marked = entries.filter(
    ({ turn, behind }) => behind > 0 && behind <= MAX_MARKED && taken.includes(turn.update_id),
  );
  let tries = REMOVAL_TRIES;
  for (const { turn } of marked) {
    const isOff = await takeOff(turn.message_id, tries, { chat, onError });
    // When Telegram is away, the answer does not wait for it thirty times.
    if (!isOff) tries = 1;
  }
}

/** As `takeMarksOff`, for a turn that looks at nothing else of what waits, and for those that are answered with it. */
export async function takeOwnMarksOff(
  turn: Turn,
  context: Pick<ReplyContext, 'chat' | 'onError' | 'progress'>,
  { backlog }: { readonly backlog: Pick<Backlog, 'list'> },
): Promise<void> {
  const merged = context.progress.merged?.map(({ updateId }) => updateId) ?? [];
  try {
    await takeMarksOff([turn.update_id, ...merged], await backlog.list(groupOf(turn)), context);
  } catch (error) {
    // Without the view there was nothing to mark.
    context.onError(error);
  }
}

async function takeOff(
  messageId: number,
  tries: number,
  { chat, onError }: Pick<ReplyContext, 'chat' | 'onError'>,
): Promise<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await chat.react(messageId, undefined);
      return true;
    } catch (error) {
      onError(error);
      if (!(error instanceof TelegramError) || !error.retryable || attempt >= tries) return false;
      await delay(Math.min(error.retryAfterMs ?? FIRST_RETRY_MS * 2 ** (attempt - 1), LONGEST_WAIT_MS));
    }
  }
}
