import { GrammyError } from 'grammy/web';
import type { TelegramError } from '../errors.ts';

/** An edit whose answer was lost has landed: the same edit again is refused so. The Bot API has no code for it, only this text. */
export function isNotModified(error: TelegramError): boolean {
  return (
    error.cause instanceof GrammyError &&
    error.cause.description.startsWith('Bad Request: message is not modified')
  );
}
