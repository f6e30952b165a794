// a failure that only the owner can put right → one message in the owner's private chat, not one for each turn that meets it
import type { Turn } from '@omnicloud/protocol';
import type { TelegramApi } from '../telegram/telegram-types.ts';
import { type Failure, ownerAdvice } from '../reply/owner-advice.ts';
import { renderMarkdown } from '../markdown/render-markdown.ts';
import { TelegramChat } from '../telegram/telegram-chat.ts';
import type { Language } from '../reply/texts.ts';

/** How long the owner is not told the same again; each process counts for itself. In ms. */
const QUIET_MS = 60 * 60 * 1000;

export interface OwnerNoticesOptions {
  /** The Telegram user id of who runs the bot. */
  readonly ownerId: string;
  /** A clock that nobody sets, in ms. */
  readonly monotonicNow?: () => number;
}

/** Whom to tell, and what they were told. One for all turns of a process. */
export class OwnerNotices {
  readonly ownerId: string;
  readonly #monotonicNow: () => number;
  readonly #told = new Map<string, number>();

  constructor({ ownerId, monotonicNow = () => performance.now() }: OwnerNoticesOptions) {
    this.ownerId = ownerId;
    this.#monotonicNow = monotonicNow;
  }

  /**
   * Tells the owner cause and cure, unless that was done within the hour or is nothing for an owner.
   * @throws TelegramError, when the owner has never written to the bot, too; the next turn tries again.
   */
  async tell(api: TelegramApi, failure: Failure): Promise<void> {
    const { code, details } = failure;
    // Their language is not known here.
    const advice = ownerAdvice(failure, 'en');
    const what = `${code} ${details?.model ?? ''}`;
    const toldAt = this.#told.get(what);
    const now = this.#monotonicNow();
    if (advice === undefined || (toldAt !== undefined && now - toldAt < QUIET_MS)) return;
    // There are a few codes, and as many models as the settings name.
    this.#told.set(what, now);
    try {
      const chat = new TelegramChat(api, {
        chatId: this.ownerId,
        threadId: null,
        isForum: false,
        replyTo: 0,
      });
      await chat.send(renderMarkdown(advice), { isReply: false });
    } catch (error) {
      this.#told.delete(what);
      throw error;
    }
  }
}

export interface OwnerDeps {
  readonly api: TelegramApi;
  /** Whom to tell what only the owner can put right; nobody unless given. */
  readonly ownerNotices?: OwnerNotices;
}

/**
 * Tells the owner of a turn's failure, as far as it is theirs to put right. Never throws.
 * @returns what to do, when the turn is the owner's own and stands in their chat; empty otherwise.
 */
export async function forOwner(
  failure: Failure,
  turn: Turn,
  language: Language,
  { api, ownerNotices, onError }: OwnerDeps & { readonly onError: (error: unknown) => void },
): Promise<string> {
  if (ownerNotices === undefined) return '';
  if (turn.chat_type === 'private' && turn.chat_id === ownerNotices.ownerId)
    return ownerAdvice(failure, language) ?? '';
  try {
    await ownerNotices.tell(api, failure);
  } catch (error) {
    onError(error);
  }
  return '';
}
