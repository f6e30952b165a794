// the turn's files and those of the turns merged into it → downloaded from Telegram → put where the agent server finds them
import { setTimeout as delay } from 'node:timers/promises';
import {
  type Attachment,
  MAX_ATTACHMENT_BYTES,
  sessionKeyOf,
  type TelegramFile,
  type Turn,
} from '@omnicloud/protocol';
import { attachmentObjectKey } from '@omnicloud/storage';
import { ClientError, TelegramError } from '../../errors.ts';
import type { TelegramFiles } from '../../telegram/telegram-files.ts';
import type { AttachmentStore } from './attachment-store.ts';
import type { MergedTurn, MissingAttachment } from '../../turn/turn-record.ts';

/** Downloads side by side; each may hold 20 MB. */
const AT_ONCE = 3;
/**
 * Waits before the second and the third try of one delivery to have a file, in ms. A refusal is tried again, too: `getFile` has one answer for a
 * file that is gone and for one that is "temporarily unavailable".
 */
const FETCH_RETRY_DELAYS_MS: readonly number[] = [1_000, 3_000];

export interface AttachmentDeps {
  readonly telegramFiles: TelegramFiles;
  readonly attachments: AttachmentStore;
  /** Waits between the tries to have a file, in ms; 1 s and 3 s unless given. */
  readonly fetchRetryDelaysMs?: readonly number[];
}

export type StoredAttachments =
  | {
      readonly kind: 'stored';
      readonly attachments: Attachment[];
      /** The agent does without these. */
      readonly missing: readonly MissingAttachment[];
    }
  /** One may be had later. */
  | { readonly kind: 'unavailable'; readonly error: ClientError };

/** How far earlier deliveries came with the files of the turn. */
export interface StoringOptions {
  readonly merged: readonly MergedTurn[];
  /** What an earlier delivery went on without, undefined until that is decided: the question must stay the same. */
  readonly decided: readonly MissingAttachment[] | undefined;
  /** Whether a file that cannot be had now is gone on without. */
  readonly isLastTry: boolean;
  /** Told of each error that a file is missing because of. */
  readonly onError: (error: unknown) => void;
}

/**
 * Puts the files there, again if an earlier delivery did. Never throws what a later try may cure. A file that is too large, that Telegram refuses, or
 * that cannot be had at the last try, is missing, and nothing else is.
 */
export async function storeAttachments(
  turn: Turn,
  options: StoringOptions,
  deps: AttachmentDeps,
): Promise<StoredAttachments> {
  const files = filesToStore(turn, options.merged).filter(
    ({ attachment: { id } }) => !isMissing(id, options.decided),
  );
  const sessionKey = sessionKeyOf(turn);
  const missing = [...(options.decided ?? [])];
  for (let start = 0; start < files.length; start += AT_ONCE) {
    const some = files.slice(start, start + AT_ONCE);
    const outcomes = await Promise.all(some.map((file) => storeOne(sessionKey, file, deps)));
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome === undefined) continue;
      const reason = reasonOf(outcome, options.isLastTry);
      if (reason === undefined && options.decided === undefined)
        return { kind: 'unavailable', error: outcome };
      options.onError(outcome);
      // What was stored before is most likely still there, and the agent may have been asked with it.
      if (reason === undefined || options.decided !== undefined) continue;
      const { id, name } = some[index]?.attachment ?? { id: '', name: '' };
      missing.push({ id, name, reason });
    }
  }
  return { kind: 'stored', attachments: withoutMissing(files, missing), missing };
}

/** @returns what an earlier delivery of the turn has stored: for an agent that has to begin anew. */
export function storedBefore(
  turn: Turn,
  { merged, decided = [] }: Pick<StoringOptions, 'merged' | 'decided'>,
): Extract<StoredAttachments, { kind: 'stored' }> {
  return {
    kind: 'stored',
    attachments: withoutMissing(filesToStore(turn, merged), decided),
    missing: decided,
  };
}

function withoutMissing(files: readonly FileToStore[], missing: readonly MissingAttachment[]): Attachment[] {
  return files.map(({ attachment }) => attachment).filter(({ id }) => !isMissing(id, missing));
}

function isMissing(id: string, missing: readonly MissingAttachment[] = []): boolean {
  return missing.some((file) => file.id === id);
}

/** @returns why the file is missing for good; undefined when a later try may have it. */
function reasonOf(error: ClientError, isLastTry: boolean): MissingAttachment['reason'] | undefined {
  if (error instanceof FileTooLargeError) return 'too_large';
  // Our own store is no matter of one file.
  if (!(error instanceof TelegramError)) return undefined;
  if (!error.retryable) return 'refused';
  // It says when it will be had.
  if (error.retryAfterMs !== undefined) return undefined;
  return isLastTry ? 'unavailable' : undefined;
}

function filesToStore(turn: Turn, merged: readonly MergedTurn[]): FileToStore[] {
  return [
    ...filesIn(turn.update_id, turn.ask.kind === 'message' ? turn.ask.files : undefined),
    ...merged.flatMap(({ updateId, files }) => filesIn(updateId, files)),
  ];
}

interface FileToStore {
  readonly fileId: string;
  readonly size: number | undefined;
  readonly attachment: Attachment;
}

function filesIn(updateId: number, files: readonly TelegramFile[] = []): FileToStore[] {
  return files.map(({ file_id: fileId, name, media_type: mediaType, size }, index) => ({
    fileId,
    size,
    attachment: {
      id: `${updateId}-${index}`,
      name,
      ...(mediaType === undefined ? {} : { media_type: mediaType }),
    },
  }));
}

/** Telegram said so, and no try to have it is made. */
class FileTooLargeError extends ClientError {
  override readonly name = 'FileTooLargeError';

  constructor(size: number) {
    super('file_too_large', `A file of ${size} bytes is larger than ${MAX_ATTACHMENT_BYTES}`, {
      retryable: false,
    });
  }
}

/** @returns why the file is not there now. */
async function storeOne(
  sessionKey: string,
  { fileId, size = 0, attachment: { id } }: FileToStore,
  deps: AttachmentDeps,
): Promise<ClientError | undefined> {
  if (size > MAX_ATTACHMENT_BYTES) return new FileTooLargeError(size);
  try {
    const content = await fetchPersistently(fileId, deps);
    await deps.attachments.put(attachmentObjectKey(sessionKey, id), content);
    return undefined;
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return error;
  }
}

/** @throws TelegramError the last try's. A wait that Telegram asks for is not waited out here. */
async function fetchPersistently(
  fileId: string,
  { telegramFiles, fetchRetryDelaysMs = FETCH_RETRY_DELAYS_MS }: AttachmentDeps,
): Promise<Uint8Array> {
  for (const delayMs of fetchRetryDelaysMs) {
    try {
      return await telegramFiles.download(fileId);
    } catch (error) {
      if (!(error instanceof TelegramError) || error.retryAfterMs !== undefined) throw error;
      await delay(delayMs);
    }
  }
  return telegramFiles.download(fileId);
}
