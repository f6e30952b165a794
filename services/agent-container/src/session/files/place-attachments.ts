// files that the user sent → store → workspace/inbox, under safe names → what the agent is told of them
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { type Attachment, MAX_ATTACHMENT_BYTES } from '@omnicloud/protocol';
import { attachmentObjectKey } from '@omnicloud/storage';
import { AgentError } from '../../errors.ts';
import { WORKSPACE_FOLDER } from '../home/confined-path.ts';
import { ownDirectory } from '../home/own-directory.ts';
import { readUpTo } from '../store/read-object.ts';
import { numbered, safeFileName } from './safe-file-name.ts';
import type { SessionHome } from '../home/session-home.ts';
import type { SessionStore } from '../store/session-store.ts';
import { withoutNotes } from '../transcript/without-notes.ts';

/** Where the agent finds what its user sends, in its working directory. */
const INBOX_FOLDER = 'inbox';
/** So many of one name may lie there. */
const MAX_NUMBER = 10_000;

/** A file that lies in the workspace now. */
export interface PlacedFile {
  /** Relative to the working directory. */
  readonly path: string;
  readonly mediaType: string | undefined;
  /** In bytes. */
  readonly size: number;
}

/**
 * Puts files of the user into a session's workspace. Nothing of the session runs meanwhile. A file that is there already keeps its
 * name and content; the new one gets a number.
 * @param sessionKey `chat_id:thread_id` of the conversation that the files were sent in.
 * @throws AgentError `bad_request` when a file was never stored or is too large, `store_unavailable`.
 */
export async function placeAttachments(
  home: SessionHome,
  store: Pick<SessionStore, 'open'>,
  { sessionKey, attachments }: { readonly sessionKey: string; readonly attachments: readonly Attachment[] },
): Promise<PlacedFile[]> {
  const placed: PlacedFile[] = [];
  for (const { id, name, media_type: mediaType } of attachments) {
    const object = await readUpTo(store, attachmentObjectKey(sessionKey, id), MAX_ATTACHMENT_BYTES);
    if (!object) throw new AgentError('bad_request', `The attachment ${id} is not in the store`);
    if (object === 'too_large') {
      throw new AgentError(
        'bad_request',
        `The attachment ${id} is larger than ${MAX_ATTACHMENT_BYTES} bytes`,
      );
    }
    const size = object.body.byteLength;
    // The agent is told the name. Looked at only afterwards, a note could have spaces for what no name may have, and be read all the same.
    const path = await writeNew(home, safeFileName(withoutNotes(name), 'file'), object.body);
    placed.push({ path, mediaType, size });
  }
  return placed;
}

/** @returns the file's path, relative to the working directory. */
async function writeNew(home: SessionHome, name: string, body: Uint8Array): Promise<string> {
  // Whatever else has taken the directory's place is removed: through a link, the file would land elsewhere.
  await ownDirectory(home.root, `${WORKSPACE_FOLDER}/${INBOX_FOLDER}`);
  for (let number = 1; number <= MAX_NUMBER; number += 1) {
    const path = `${INBOX_FOLDER}/${number === 1 ? name : numbered(name, number)}`;
    try {
      const file = await open(join(home.workspace, path), 'wx', 0o644);
      try {
        await file.writeFile(body);
      } finally {
        await file.close();
      }
      return path;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
  }
  throw new AgentError('bad_request', `There are too many files named ${name} already`);
}
