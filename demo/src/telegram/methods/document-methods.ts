import type { User } from 'grammy/types';
import { z } from 'zod';
import { badRequest } from '../calls/bot-api-error.ts';
import type { BotMethods } from '../calls/bot-method.ts';
import { type CallPayload, nested, parsePayload } from '../calls/call-payload.ts';
import type { Conversations } from '../conversations.ts';
import { fileName } from '../text/file-name.ts';
import type { FileStore } from '../store/file-store.ts';
import { imageType } from '../text/image-type.ts';
import { messageEntity } from '../text/message-entity.ts';
import { messageCaption } from '../text/message-text.ts';
import { type PlaceFinder, sendPlace } from './send-place.ts';

const sendDocument = sendPlace.extend({
  document: z.union([z.string(), z.instanceof(File)]).optional(),
  caption: z.string().optional(),
  caption_entities: nested(z.array(messageEntity)).optional(),
  parse_mode: z.string().optional(),
});

interface Parts {
  conversations: Conversations;
  places: PlaceFinder;
  files: FileStore;
  bot: User;
}

/** @returns the method with which the bot sends files. https://core.telegram.org/bots/api#senddocument */
export function documentMethods({ conversations, places, files, bot }: Parts): BotMethods {
  return {
    async sendDocument(payload) {
      const call = parsePayload(sendDocument, payload);
      if (call.parse_mode)
        throw badRequest("can't parse entities: parse modes are not supported, send entities");
      const place = places.find(call);
      const file = uploadOf(call.document, payload);
      const caption = messageCaption(call.caption, call.caption_entities);
      const content = new Uint8Array(await file.arrayBuffer());
      const document = {
        ...files.add(content, 'document'),
        file_name: fileName(file.name),
        // Telegram's apps show a picture by its type, of which a bot may say nothing.
        mime_type: imageType(content) ?? (file.type || 'application/octet-stream'),
      };
      const sent = conversations.post({ ...place, from: bot, content: { document, ...caption } });
      return { result: conversations.asBotSees(sent) };
    },
  };
}

/** A file is a part of the body, or named there by `attach://`. Ids and addresses of files are not taken here. */
function uploadOf(document: string | File | undefined, payload: CallPayload): File {
  const attached =
    typeof document === 'string' && document.startsWith('attach://') ? payload[document.slice(9)] : document;
  if (attached instanceof File) {
    if (attached.size === 0) throw badRequest('file must be non-empty');
    return attached;
  }
  if (attached === undefined) throw badRequest('there is no document in the request');
  throw badRequest('wrong file identifier/HTTP URL specified');
}
