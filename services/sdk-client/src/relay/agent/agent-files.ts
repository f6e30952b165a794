// stored session → GET /session/{id}/files | export | debug | outbox/{file_id} → all of it, or why not
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import {
  ARCHIVE_MEDIA_TYPE,
  exportPath,
  filePath,
  HEARTBEAT_INTERVAL_MS,
  outboxPath,
  type SentFile,
  SESSION_KEY_HEADER,
  type SessionFiles,
  sessionFilesSchema,
  type WireError,
} from '@omnicloud/protocol';
import { AgentUnreachableError } from '../../errors.ts';
import { type AgentServer, refusal, watchSilence } from './agent-client.ts';

export interface StoredSession {
  readonly sessionId: string;
  /** `chat_id:thread_id` */
  readonly sessionKey: string;
}

export type Fetched<Value> =
  | { readonly kind: 'fetched'; readonly value: Value }
  /** It has more bytes than were asked for. */
  | { readonly kind: 'too_large' }
  | { readonly kind: 'refused'; readonly error: WireError };

export interface ArchiveRequest {
  readonly archive: 'export' | 'debug';
  /** Whether the debug log goes with an export. */
  readonly withDebug: boolean;
  /** The most that the archive may have. */
  readonly maxBytes: number;
}

/** A list is a small part of this, whatever the limit of files. In bytes. */
const MAX_LIST_BYTES = 50_000_000;

/** @throws AgentUnreachableError when the agent server gives no answer, or one that is not of the protocol. */
export async function fetchFileList(
  server: AgentServer,
  session: StoredSession,
): Promise<Fetched<SessionFiles['files']>> {
  return fetchStored(server, session, filePath('files', session.sessionId), MAX_LIST_BYTES, (_, content) => {
    const json: unknown = JSON.parse(Buffer.from(content).toString('utf8'));
    return sessionFilesSchema.parse(json).files;
  });
}

/**
 * @returns its bytes, checked to be whole.
 * @throws AgentUnreachableError as above, also when the archive breaks off.
 */
export async function fetchArchive(
  server: AgentServer,
  session: StoredSession,
  { archive, withDebug, maxBytes }: ArchiveRequest,
): Promise<Fetched<Uint8Array>> {
  return fetchStored(
    server,
    session,
    archive === 'export' ? exportPath(session.sessionId, withDebug) : filePath(archive, session.sessionId),
    maxBytes,
    async (response, content) => {
      const mediaType = response.headers.get('content-type');
      if (mediaType !== ARCHIVE_MEDIA_TYPE) throw new TypeError(`Expected an archive, not ${mediaType}`);
      await checkGzip(content);
      return content;
    },
  );
}

/**
 * @returns the content of a file that the agent sends to the chat.
 * @throws AgentUnreachableError as above, also when it is not as long as it was when the agent sent it.
 */
export async function fetchSentFile(
  server: AgentServer,
  session: StoredSession,
  { file_id: fileId, size }: Pick<SentFile, 'file_id' | 'size'>,
): Promise<Fetched<Uint8Array>> {
  return fetchStored(server, session, outboxPath(session.sessionId, fileId), size, (_, content) => {
    if (content.byteLength !== size) throw new TypeError(`Expected ${size} bytes, not ${content.byteLength}`);
    return content;
  });
}

async function fetchStored<Value>(
  server: AgentServer,
  { sessionKey }: StoredSession,
  path: string,
  maxBytes: number,
  read: (response: Response, content: Uint8Array) => Value | Promise<Value>,
): Promise<Fetched<Value>> {
  const silence = watchSilence(server.silenceMs ?? 3 * HEARTBEAT_INTERVAL_MS);
  let hasBegun = false;
  try {
    const response = await (server.fetch ?? fetch)(server.url + path, {
      headers: { authorization: `Bearer ${server.authToken}`, [SESSION_KEY_HEADER]: sessionKey },
      signal: silence.signal,
    });
    hasBegun = true;
    if (!response.ok) return { kind: 'refused', error: await refusal(response) };
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of silence.watch(response.body ?? [])) {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) return { kind: 'too_large' };
      chunks.push(chunk);
    }
    return { kind: 'fetched', value: await read(response, Buffer.concat(chunks)) };
  } catch (error) {
    if (error instanceof AgentUnreachableError) throw error;
    throw new AgentUnreachableError(`The agent server did not send all of ${path}`, {
      cause: error,
      isAway: !hasBegun,
    });
  } finally {
    silence.stop();
  }
}

/** A gateway in between may end a broken stream as if it were whole; gzip knows its length and checksum. */
async function checkGzip(content: Uint8Array): Promise<void> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  await pipeline([content], createGunzip(), nowhere);
}
