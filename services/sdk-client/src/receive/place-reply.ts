// a message that was queued while all workers are busy → how many wait before it, as the answer to Telegram's own request
import { groupOf, sessionKeyOf, type Turn } from '@omnicloud/protocol';
import type { Backlog } from '../queue/backlog/backlog.ts';
import type { Crowd } from '../queue/sqs/sqs-crowd.ts';
import { languageOf, TEXTS } from '../reply/texts.ts';

interface PlaceDeps {
  /** How full the queue of turns is. */
  readonly crowd: () => Promise<Crowd>;
  /** How many turns run side by side. */
  readonly parallelTurns: number;
  readonly backlog: Pick<Backlog, 'list'>;
  readonly onError: (error: unknown) => void;
}

/** A call of the Bot API that Telegram makes for whoever answers its request with it. https://core.telegram.org/bots/api#making-requests-when-getting-updates */
export interface WebhookReply {
  readonly method: 'sendMessage';
  readonly chat_id: string;
  readonly message_thread_id?: number;
  readonly text: string;
  readonly disable_notification: true;
  readonly reply_parameters: { readonly message_id: number; readonly allow_sending_without_reply: true };
}

/**
 * @returns what a queued message's user is told of its place; undefined when a worker is free, or when the conversation has another message before it,
 *   whose worker marks this one. Never rejects: nothing hangs on it.
 */
export async function placeReply(turn: Turn, deps: PlaceDeps): Promise<WebhookReply | undefined> {
  if (groupOf(turn) !== sessionKeyOf(turn) || turn.ask.kind !== 'message') return undefined;
  try {
    const { waiting, inHand } = await deps.crowd();
    if (inHand < deps.parallelTurns) return undefined;
    const entries = await deps.backlog.list(groupOf(turn));
    if (entries.some((entry) => entry.turn.update_id !== turn.update_id)) return undefined;
    const { chat_id, thread_id, message_id } = turn;
    return {
      method: 'sendMessage',
      chat_id,
      ...(thread_id === null ? {} : { message_thread_id: Number(thread_id) }),
      // It is one of those that wait.
      text: TEXTS[languageOf(turn.sender.language_code)].placeAbout(Math.max(0, waiting - 1)),
      disable_notification: true,
      reply_parameters: { message_id, allow_sending_without_reply: true },
    };
  } catch (error) {
    deps.onError(error);
    return undefined;
  }
}
