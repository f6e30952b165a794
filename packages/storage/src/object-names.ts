/** How long `session_key → session_id` stays valid after the last turn, in days. */
export const SESSION_MAPPING_DAYS = 25;

/**
 * A turn stores again what its session names and what is this old, in days. With `SESSION_MAPPING_DAYS` until the next turn, nothing that a
 * session names reaches 60 days while turns go on, and the bucket removes what is 90 days old. Less than 30: by then the bucket would have
 * moved it to a class that charges for 30 days.
 */
export const SESSION_RENEWAL_DAYS = 28;

/** The plan's three objects of a session, and what travels beside them. */
export type SessionObject =
  | 'conversation.jsonl'
  | 'debug.txt'
  | 'todos.json'
  | 'last-turn.json'
  | `damaged-${string}.jsonl`
  | `damaged-${string}.json`
  | `snapshots/${string}.json`
  | `packs/${string}.tar.gz`
  | `outbox/${string}`
  | `owners/${string}`;

/**
 * @param sha256 of the object, in hex: however often it is found damaged, it is kept once.
 * @returns the name under which a damaged conversation (`jsonl`) or task list (`json`) is kept aside.
 */
export function damagedObject(sha256: string, extension: 'jsonl' | 'json'): SessionObject {
  return `damaged-${sha256}.${extension}`;
}

/** Where a session's object lies in the bucket: `sessions/{session_id}/{name}`. */
export function sessionObjectKey(id: string, name: SessionObject): string {
  return `sessions/${id}/${name}`;
}

/** @returns the list of all files that a conversation had beside it; it is named by the conversation's SHA-256 in hex. */
export function snapshotObject(conversationSha256: string): SessionObject {
  return `snapshots/${conversationSha256}.json`;
}

/** @returns an archive of files. A name is never used twice. */
export function packObject(name: string): SessionObject {
  return `packs/${name}.tar.gz`;
}

/** @returns the content of a file that the agent has sent to the chat. */
export function outboxObject(fileId: string): SessionObject {
  return `outbox/${fileId}`;
}

const SESSION_KEY = /^(-?\d{1,19}):(-?\d{1,19})$/;

/**
 * @param key as a caller names a conversation; it may be anything.
 * @returns the name of the object that says that the session belongs to this conversation; undefined when it is no `chat_id:thread_id`.
 */
export function ownerObject(key: string): SessionObject | undefined {
  const [whole, chatId, threadId] = SESSION_KEY.exec(key) ?? [];
  return whole === undefined ? undefined : `owners/${chatId}_${threadId}`;
}

/** The prefix of all objects of one kind: `sessions/{session_id}/{folder}`. */
export function sessionFolderKey(id: string, folder: 'snapshots/' | 'packs/' | 'outbox/'): string {
  return `sessions/${id}/${folder}`;
}

/**
 * Where a file of a user lies on its way to the agent. Both tiers name it by the conversation, so a request reaches no other
 * conversation's files.
 * @param sessionKey `chat_id:thread_id`.
 */
export function attachmentObjectKey(sessionKey: string, id: string): string {
  return `inbox/${sessionKey.replaceAll(':', '_')}/${id}`;
}
