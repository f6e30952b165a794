// the turn's files and those of the turns merged into it → downloaded from Telegram → put where the agent server finds them
import {
  type Attachment,
  attachmentObjectKey,
  sessionKeyOf,
  type TelegramFile,
  type Turn,
} from '@omnicloud/protocol';
import { ClientError, TelegramError } from '../errors.ts';
import type { TelegramFiles } from '../reply/telegram-files.ts';
import type { AttachmentStore } from './attachment-store.ts';
import type { MergedTurn } from './turn-ledger.ts';

/** Downloads side by side; each may hold 20 MB. */
const AT_ONCE = 3;

export interface AttachmentDeps {
  readonly telegramFiles: TelegramFiles;
  readonly attachments: AttachmentStore;
}

export type StoredAttachments =
  | { readonly kind: 'stored'; readonly attachments: Attachment[] }
  /** Telegram does not give this one out. */
  | { readonly kind: 'refused'; readonly name: string; readonly error: TelegramError }
  /** It may be had later. */
  | { readonly kind: 'unavailable'; readonly error: ClientError };

/** Never throws what a later try may cure. What was put there before is put there again. */
export async function storeAttachments(
  turn: Turn,
  merged: readonly MergedTurn[],
  deps: AttachmentDeps,
): Promise<StoredAttachments> {
  const files = filesToStore(turn, merged);
  const sessionKey = sessionKeyOf(turn);
  for (let start = 0; start < files.length; start += AT_ONCE) {
    const outcomes = await Promise.all(
      files.slice(start, start + AT_ONCE).map((file) => storeOne(sessionKey, file, deps)),
    );
    const failed = outcomes.find((outcome) => outcome !== undefined);
    if (failed) return failed;
  }
  return { kind: 'stored', attachments: files.map(({ attachment }) => attachment) };
}

/** @returns what an earlier delivery of the turn has stored: for an agent that has to begin anew. */
export function storedBefore(turn: Turn, merged: readonly MergedTurn[]): StoredAttachments {
  return { kind: 'stored', attachments: filesToStore(turn, merged).map(({ attachment }) => attachment) };
}

function filesToStore(turn: Turn, merged: readonly MergedTurn[]): FileToStore[] {
  return [
    ...filesIn(turn.update_id, turn.ask.kind === 'message' ? turn.ask.files : undefined),
    ...merged.flatMap(({ updateId, files }) => filesIn(updateId, files)),
  ];
}

interface FileToStore {
  readonly fileId: string;
  readonly attachment: Attachment;
}

function filesIn(updateId: number, files: readonly TelegramFile[] = []): FileToStore[] {
  return files.map(({ file_id: fileId, name, media_type: mediaType }, index) => ({
    fileId,
    attachment: {
      id: `${updateId}-${index}`,
      name,
      ...(mediaType === undefined ? {} : { media_type: mediaType }),
    },
  }));
}

async function storeOne(
  sessionKey: string,
  { fileId, attachment: { id, name } }: FileToStore,
  { telegramFiles, attachments }: AttachmentDeps,
): Promise<Exclude<StoredAttachments, { kind: 'stored' }> | undefined> {
  try {
    await attachments.put(attachmentObjectKey(sessionKey, id), await telegramFiles.download(fileId));
    return undefined;
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return error instanceof TelegramError && !error.retryable
      ? { kind: 'refused', name, error }
      : { kind: 'unavailable', error };
  }
}
