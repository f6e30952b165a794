import type { UserFromGetMe } from 'grammy/types';
import { z } from 'zod';
import { badRequest } from '../calls/bot-api-error.ts';
import type { BotMethods } from '../calls/bot-method.ts';
import { chatId, integer, nested, parsePayload } from '../calls/call-payload.ts';
import type { Conversations } from '../conversations.ts';
import type { SettingsStore } from '../store/settings-store.ts';

const MAX_COMMANDS = 100;
const COMMAND_NAME = /^[a-z0-9_]{1,32}$/;
const MAX_DESCRIPTION_LENGTH = 256;

const scope = nested(
  z.object({ type: z.string(), chat_id: chatId.optional(), user_id: integer.optional() }),
).default({ type: 'default' });
const inScope = z.object({ scope, language_code: z.string().default('') });
const setMyCommands = inScope.extend({
  commands: nested(z.array(z.object({ command: z.string(), description: z.string() }))),
});

interface Parts {
  conversations: Conversations;
  settings: SettingsStore;
  bot: UserFromGetMe;
}

/** @returns the methods about the bot itself, its commands and its chats. */
export function profileMethods({ conversations, settings, bot }: Parts): BotMethods {
  return {
    getMe: () => ({ result: bot }),

    getChat(payload) {
      const { chat_id: id } = parsePayload(z.object({ chat_id: chatId }), payload);
      if (typeof id === 'string') throw badRequest('chat not found');
      return { result: { ...conversations.chat(id), accent_color_id: 0, max_reaction_count: 11 } };
    },

    setMyCommands(payload) {
      const call = parsePayload(setMyCommands, payload);
      if (call.commands.length > MAX_COMMANDS) throw badRequest('BOT_COMMANDS_TOO_MUCH');
      const commands = call.commands.map(({ command, description }) => {
        const name = command.replace(/^\//, '');
        if (!COMMAND_NAME.test(name)) throw badRequest('BOT_COMMAND_INVALID');
        if (description === '' || description.length > MAX_DESCRIPTION_LENGTH) {
          throw badRequest('BOT_COMMAND_DESCRIPTION_INVALID');
        }
        return { command: name, description };
      });
      settings.setCommands(JSON.stringify(call.scope), call.language_code, commands);
      return { result: true };
    },

    getMyCommands(payload) {
      const call = parsePayload(inScope, payload);
      return { result: settings.commands(JSON.stringify(call.scope), call.language_code) ?? [] };
    },

    deleteMyCommands(payload) {
      const call = parsePayload(inScope, payload);
      settings.deleteCommands(JSON.stringify(call.scope), call.language_code);
      return { result: true };
    },
  };
}
