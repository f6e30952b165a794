// message → the files in it, as Telegram knows them
import { MAX_ATTACHMENT_BYTES, type TelegramFile } from '@omnicloud/protocol';
import { fileSchema, type IncomingFile, type IncomingMessage, photoSchema } from './update-schema.ts';

/** What each kind of file is called when its sender gave it no name; a photo, a note and a sticker never have one. */
const KINDS = [
  ['document', 'file'],
  ['audio', 'audio'],
  ['voice', 'voice'],
  ['video', 'video'],
  ['video_note', 'video-note'],
  // Telegram adds a document to it, which is the same file.
  ['animation', 'animation'],
  ['sticker', 'sticker'],
] as const;

const EXTENSIONS: Readonly<Record<string, string>> = {
  'audio/mpeg': '.mp3',
  'audio/mp4': '.m4a',
  'audio/ogg': '.ogg',
  'image/gif': '.gif',
  'image/webp': '.webp',
  'video/mp4': '.mp4',
  'video/webm': '.webm',
};
const MAX_NAME_LENGTH = 255;
const MAX_MEDIA_TYPE_LENGTH = 127;

/** @returns the files of a message; of a photo, the largest of its sizes. */
export function filesOf(message: IncomingMessage): TelegramFile[] {
  const sizes = photoSchema.safeParse(message.photo).data;
  const photo = sizes?.toSorted((a, b) => b.width * b.height - a.width * a.height)[0];
  if (photo)
    return [fileOf({ ...photo, mime_type: 'image/jpeg', file_name: `photo-${message.message_id}.jpg` }, '')];
  for (const [field, kind] of KINDS) {
    const file = fileSchema.safeParse(message[field]).data;
    if (file) return [fileOf(file, `${kind}-${message.message_id}`)];
  }
  return [];
}

/** Telegram gives a bot no more of a file than this; what it does not tell the size of, the download finds out. */
export function isTooLarge({ size = 0 }: TelegramFile): boolean {
  return size > MAX_ATTACHMENT_BYTES;
}

function fileOf({ file_id, file_name, mime_type, file_size }: IncomingFile, ownName: string): TelegramFile {
  const mediaType = mime_type?.slice(0, MAX_MEDIA_TYPE_LENGTH).toWellFormed();
  const name =
    file_name ?? ownName + (EXTENSIONS[mediaType ?? ''] ?? (ownName.startsWith('sticker') ? '.webp' : ''));
  return {
    file_id,
    name: shortened(name.toWellFormed()),
    ...(mediaType === undefined ? {} : { media_type: mediaType }),
    ...(file_size === undefined ? {} : { size: file_size }),
  };
}

/** The end of a name says what it is. */
function shortened(name: string): string {
  return name.length <= MAX_NAME_LENGTH ? name : name.slice(-MAX_NAME_LENGTH).toWellFormed();
}
