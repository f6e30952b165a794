// an answer whose topic is closed or deleted → the chat itself, a forum's General topic, with a word on where it belongs
import type { Turn } from '@omnicloud/protocol';
import { TelegramError } from '../../errors.ts';
import { renderMarkdown } from '../../markdown/render-markdown.ts';
import { TEXTS } from '../../reply/texts.ts';
import type { ReplyContext } from '../reply-context.ts';

/**
 * Delivers to the topic, or to the chat when the topic refuses. Telegram says only in words why it refuses, and the words do not matter here: what the
 * chat refuses, too, is refused.
 * @throws TelegramError the topic's when it is not left, else the chat's.
 */
export async function deliverWhereItCanBe(
  context: ReplyContext,
  deliver: () => Promise<void>,
): Promise<void> {
  try {
    await deliver();
  } catch (error) {
    if (!(error instanceof TelegramError) || !isAboutTopic(error, context)) throw error;
    context.onError(error);
    await leaveTopic(context);
    await deliver();
  }
}

/** 403 is about the whole chat: the bot was blocked or removed (https://core.telegram.org/bots/api#making-requests). */
function isAboutTopic({ code, status }: TelegramError, { chat }: ReplyContext): boolean {
  return code === 'telegram_refused' && status === 400 && chat.isInTopic;
}

async function leaveTopic({ turn, chat, progress, language, confirm }: ReplyContext): Promise<void> {
  await confirm();
  chat.leaveTopic();
  await chat.send(renderMarkdown(TEXTS[language].outsideTopic(linkTo(turn))), { isReply: false });
  // After it was sent: whoever finds this must not have to say it again.
  await progress.saveOutsideTopic();
}

/** A supergroup's id without the mark that the Bot API puts before it. https://core.telegram.org/api/links#message-links */
const SUPERGROUP = /^-100(?<id>\d+)$/;

/** @returns the link to the message that is answered, where there is one for members. */
function linkTo({ chat_id: chatId, thread_id: threadId, message_id: messageId }: Turn): string | undefined {
  const id = SUPERGROUP.exec(chatId)?.groups?.id;
  return id === undefined ? undefined : `https://t.me/c/${id}/${threadId ?? ''}/${messageId}`;
}
