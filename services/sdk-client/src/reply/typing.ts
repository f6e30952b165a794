import { TurnTakenOverError } from '../errors.ts';
import type { ChatAction, TelegramChat } from '../telegram/telegram-chat.ts';

/** Telegram shows an action for at most 5 s. */
const ACTION_INTERVAL_MS = 4_000;

interface ShowOptions {
  /** Awaited before the action is shown again: a process that was frozen may have been overtaken. Rejects then. */
  readonly confirm: () => Promise<void>;
  /** Told of each failing call; it goes on all the same, unless the turn was overtaken. */
  readonly onError: (error: unknown) => void;
}

/** Shows "typing…" as `keepShowing`. */
export function keepTyping(chat: TelegramChat, options: ShowOptions): () => void {
  return keepShowing('typing', chat, options);
}

/** Shows what the bot is doing until the returned function is called. */
export function keepShowing(
  action: ChatAction,
  chat: TelegramChat,
  { confirm, onError }: ShowOptions,
): () => void {
  chat.act(action).catch(onError);
  const timer = setInterval(() => {
    confirm()
      .then(() => chat.act(action))
      .catch((error: unknown) => {
        if (error instanceof TurnTakenOverError) clearInterval(timer);
        onError(error);
      });
  }, ACTION_INTERVAL_MS);
  return () => clearInterval(timer);
}
