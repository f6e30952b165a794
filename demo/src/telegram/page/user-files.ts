import { randomInt } from 'node:crypto';
import type { Message } from 'grammy/types';
import { badRequest } from '../calls/bot-api-error.ts';
import { fileName } from '../text/file-name.ts';
import type { FileStore } from '../store/file-store.ts';
import { photoSize } from '../text/image-type.ts';

/** As many as an album holds; Telegram's apps cut a longer selection into several. */
export const MAX_FILES = 10;

const FIRST_ALBUM_ID = 10 ** 13;
const LAST_ALBUM_ID = 10 ** 14;

/** A file that somebody sends. */
export interface UserFile {
  name: string;
  mediaType: string;
  content: Uint8Array;
  /** A photo loses its name and must be JPEG or PNG; absent means a document. */
  as?: 'photo' | 'document';
}

type FileMessage = Pick<Message, 'document' | 'photo' | 'media_group_id'>;

/**
 * Keeps the files that somebody sends at once.
 * @returns what each of their messages holds: photos before documents, several of one kind as an album.
 * @throws BotApiError 400 before anything is kept, for too many files, an empty one, and a photo that is no image.
 */
export function keepUserFiles(sent: readonly UserFile[], files: FileStore): FileMessage[] {
  if (sent.length > MAX_FILES) throw badRequest('too many files in the message');
  const photos = sent.filter((file) => file.as === 'photo').map((file) => ({ ...file, ...sizeOf(file) }));
  const documents = sent.filter((file) => file.as !== 'photo');
  if (sent.some(({ content }) => content.byteLength === 0)) throw badRequest('file must be non-empty');

  return [
    ...inAlbum(
      photos.map(({ content, width, height }) => {
        return { photo: [{ ...files.add(content, 'photo'), width, height }] };
      }),
    ),
    ...inAlbum(
      documents.map(({ name, mediaType, content }) => {
        const kept = files.add(content, 'document');
        return { document: { ...kept, file_name: fileName(name), mime_type: mediaType } };
      }),
    ),
  ];
}

function sizeOf({ content }: UserFile): { width: number; height: number } {
  const size = photoSize(content);
  if (!size) throw badRequest('IMAGE_PROCESS_FAILED');
  return size;
}

function inAlbum(messages: FileMessage[]): FileMessage[] {
  if (messages.length < 2) return messages;
  const album = { media_group_id: String(randomInt(FIRST_ALBUM_ID, LAST_ALBUM_ID)) };
  return messages.map((message) => ({ ...message, ...album }));
}
