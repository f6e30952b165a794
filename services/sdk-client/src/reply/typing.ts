import type { TelegramChat } from './telegram-chat.ts';

/** Telegram shows "typing…" for at most 5 s. */
const TYPING_INTERVAL_MS = 4_000;

/**
 * Shows "typing…" until the returned function is called.
 * @param onError told of each failing call; the typing goes on.
 */
export function keepTyping(chat: TelegramChat, onError: (error: unknown) => void): () => void {
  const type = (): void => {
    chat.typing().catch(onError);
  };
  type();
  const timer = setInterval(type, TYPING_INTERVAL_MS);
  return () => clearInterval(timer);
}
