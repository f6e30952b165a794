import type { ChatAction, TelegramChat } from './telegram-chat.ts';

/** Telegram shows an action for at most 5 s. */
const ACTION_INTERVAL_MS = 4_000;

/** Shows "typing…" as `keepShowing`. */
export function keepTyping(chat: TelegramChat, onError: (error: unknown) => void): () => void {
  return keepShowing('typing', chat, onError);
}

/**
 * Shows what the bot is doing until the returned function is called.
 * @param onError told of each failing call; it goes on all the same.
 */
export function keepShowing(
  action: ChatAction,
  chat: TelegramChat,
  onError: (error: unknown) => void,
): () => void {
  const show = (): void => {
    chat.act(action).catch(onError);
  };
  show();
  const timer = setInterval(show, ACTION_INTERVAL_MS);
  return () => clearInterval(timer);
}
