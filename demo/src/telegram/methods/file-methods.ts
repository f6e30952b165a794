import { z } from 'zod';
import { badRequest } from '../calls/bot-api-error.ts';
import type { BotMethods } from '../calls/bot-method.ts';
import { parsePayload } from '../calls/call-payload.ts';
import { type FileStore, isFileId } from '../store/file-store.ts';

/** What a bot may download, in bytes. https://core.telegram.org/bots/api#getfile */
export const MAX_DOWNLOAD_BYTES = 20 * 1024 * 1024;

const getFile = z.object({ file_id: z.string().min(1) });

/** @returns the method that tells the bot where to download a file. https://core.telegram.org/bots/api#getfile */
export function fileMethods(files: FileStore): BotMethods {
  return {
    getFile(payload) {
      const { file_id: id } = parsePayload(getFile, payload);
      if (!isFileId(id)) throw badRequest('invalid file_id');
      const file = files.file(id);
      if (!file) throw badRequest('wrong file_id or the file is temporarily unavailable');
      if (file.file_size > MAX_DOWNLOAD_BYTES) throw badRequest('file is too big');
      return { result: file };
    },
  };
}
