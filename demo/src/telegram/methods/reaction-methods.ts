import type { Message } from 'grammy/types';
import { z } from 'zod';
import { badRequest } from '../calls/bot-api-error.ts';
import type { BotMethods } from '../calls/bot-method.ts';
import { chatId, integer, nested, parsePayload } from '../calls/call-payload.ts';
import type { ChatStore } from '../store/chat-store.ts';
import type { Conversations } from '../conversations.ts';
import type { PageEventHub } from '../page-event-hub.ts';
import { isReactionEmoji } from './reaction-emoji.ts';
import type { ReactionStore } from '../store/reaction-store.ts';

const reactionType = z.discriminatedUnion('type', [
  z.object({ type: z.literal('emoji'), emoji: z.string() }),
  z.object({ type: z.literal('custom_emoji'), custom_emoji_id: z.string() }),
]);

/** In the order in which the Bot API's own server looks at them, so that of two mistakes it names the same one. */
const setMessageReaction = z.object({
  reaction: z
    .union([z.literal('').transform(() => null), nested(z.array(reactionType).nullable())])
    .optional(),
  chat_id: chatId,
  message_id: integer.optional(),
});

interface Parts {
  conversations: Conversations;
  store: ChatStore;
  reactions: ReactionStore;
  pages: PageEventHub;
}

/**
 * @returns the method with which the bot reacts (https://core.telegram.org/bots/api#setmessagereaction). No chat here allows custom
 *   emoji. Telegram's servers name what they refuse as https://core.telegram.org/method/messages.sendReaction lists it.
 */
export function reactionMethods({ conversations, store, reactions, pages }: Parts): BotMethods {
  return {
    setMessageReaction(payload) {
      const call = parsePayload(setMessageReaction, payload);
      if (typeof call.chat_id === 'string') throw badRequest('chat not found');
      const { id } = conversations.chat(call.chat_id);
      const named = call.message_id === undefined ? undefined : store.message(id, call.message_id);
      // Of an album, the first message has the reactions of all.
      const message = named && (store.firstOfAlbum(named) ?? named);
      if (!message) throw badRequest('message to react not found');
      const [chosen, ...more] = call.reaction ?? [];
      if (more.length > 0) throw badRequest('REACTIONS_TOO_MANY');
      if (chosen && !isAllowed(chosen, message)) throw badRequest('REACTION_INVALID');

      const emoji = chosen?.type === 'emoji' ? chosen.emoji : null;
      const reaction = { chat_id: id, message_id: message.message_id, emoji };
      reactions.set(reaction);
      if (!store.isHidden(id, message.message_id)) pages.publish('reaction', reaction);
      return { result: true };
    },
  };
}

/** Service messages, which have neither text nor file, take no reaction. */
function isAllowed(chosen: z.output<typeof reactionType>, { text, document, photo }: Message): boolean {
  const isService = (text ?? document ?? photo) === undefined;
  return chosen.type === 'emoji' && isReactionEmoji(chosen.emoji) && !isService;
}
