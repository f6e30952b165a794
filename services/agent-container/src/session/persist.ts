// the session's home → packs → outbox, debug.txt, todos.json, last-turn.json, snapshot, whose it is → conversation.jsonl last → store
import { type WorkspaceFigures } from '@omnicloud/protocol';
import { outboxObject, type SessionObject, sessionObjectKey } from '@omnicloud/storage';
import { AgentError } from '../errors.ts';
import { bodyDigest } from './store/body-digest.ts';
import { ConditionFailedError } from './store/condition-failed-error.ts';
import { checkTranscript, tooLarge } from './transcript/check-transcript.ts';
import { readDebugLog } from './debug-log.ts';
import { encodeLastTurn, type TurnToKeep } from './last-turn.ts';
import { markSaved } from './home/idle-homes.ts';
import type { OutgoingFile } from './files/outbox.ts';
import { inSlices } from './store/in-slices.ts';
import { putPersistently } from './store/put-persistently.ts';
import { openFileItself } from './home/read-plain.ts';
import { renewOldPacks } from './files/renew-packs.ts';
import { saveFiles } from './files/save-files.ts';
import type { WorkspaceLimits } from './home/scan-home.ts';
import type { SessionHome } from './home/session-home.ts';
import { ownerMark } from './store/session-owner.ts';
import type { SessionStore } from './store/session-store.ts';
import { encodeSnapshot, type Snapshot } from './files/snapshot.ts';
import { removeReplaced, snapshotKey, type StoredFiles } from './files/stored-files.ts';
import { encodeTodos, readTasks } from './transcript/task-list.ts';
import { TRANSCRIPT_LIMIT_BYTES } from './transcript/transcript-limits.ts';

export interface Saving {
  /** The version of the conversation that was restored, undefined for a new session. */
  readonly before: string | undefined;
  /** The files that were restored with it: what the store has of them is not sent again. */
  readonly files?: StoredFiles | undefined;
  /** What of the workspace is saved; 256 MB in 20,000 files unless told otherwise. */
  readonly limits?: WorkspaceLimits | undefined;
  /** What is saved of the conversation instead of all that the CLI left. */
  readonly transcript?: Uint8Array | undefined;
  /** The turn's answer, when the caller may ask for it again by its key. */
  readonly turn?: TurnToKeep | undefined;
  /** `chat_id:thread_id`, as far as it is known: the session becomes its own. */
  readonly conversation?: string | undefined;
  /** What the agent sends to the chat. */
  readonly outbox?: readonly OutgoingFile[] | undefined;
  /** Asked when the files are stored, which may take long, and before anything is replaced: whether the session is still ours. */
  readonly confirm?: (() => Promise<boolean>) | undefined;
  /** Waits before further tries of a write that failed; see `putPersistently`. */
  readonly retryDelaysMs?: readonly number[] | undefined;
  /** Told of what failed and lost nothing of the turn: its debug log, removing what it replaced, or renewing what is old. */
  readonly onLeftover?: ((error: unknown) => void) | undefined;
}

/**
 * Saves a finished turn. The conversation goes last, and its digest names the files that belong to it: whoever is killed in between, the
 * next run finds the whole turn or none of it.
 * @returns what was saved of the workspace.
 * @throws AgentError `internal` when the CLI left no sound transcript, `conversation_too_large` when it is beyond a limit, `lease_lost` when somebody
 * else took the session over or wrote it meanwhile, `store_unavailable` when the store refused.
 */
export async function persist(
  home: SessionHome,
  store: SessionStore,
  saving: Saving,
): Promise<WorkspaceFigures> {
  const { before, files, limits, turn, outbox = [], retryDelaysMs } = saving;
  const mark = ownerMark(home.sessionId, saving.conversation);
  const putAt = (key: string, body: Uint8Array): Promise<void> =>
    putPersistently(store, { key, body, delaysMs: retryDelaysMs });
  const put = (name: SessionObject, body: Uint8Array): Promise<void> =>
    putAt(sessionObjectKey(home.sessionId, name), body);
  const conversation = saving.transcript ?? (await readTranscript(home));
  const turns = await inSlices(checkTranscript(conversation));
  const sha256 = (await bodyDigest(conversation)).toString('hex');
  const todos = encodeTodos(await readTasks(home.tasks));
  const saved = await saveFiles(home, store, {
    before: files?.snapshot,
    limits,
    retryDelaysMs,
    onLeftover: saving.onLeftover,
  });
  const { figures, times } = saved;
  const snapshot = { ...saved.snapshot, turns };
  const now = { key: snapshotKey(home.sessionId, sha256), snapshot };
  if (saving.confirm && !(await saving.confirm())) {
    throw new AgentError('lease_lost', 'Somebody else took this session over while it was saved');
  }
  /** One after another: together they may be 100 MB. */
  const putOutbox = async (): Promise<void> => {
    for (const { file, read } of outbox) await put(outboxObject(file.file_id), await read());
  };
  const first = [
    persistDebugLog(home, store).catch((error: unknown) => saving.onLeftover?.(error)),
    put('todos.json', todos),
    putOutbox(),
    putAt(now.key, encodeSnapshot(snapshot)),
    ...(mark ? [putAt(mark.key, mark.body)] : []),
    ...(turn ? [put('last-turn.json', encodeLastTurn(turn, { sha256, workspace: figures }))] : []),
  ];
  // Also when one of them failed: what follows must not meet a write that is still under way.
  await Promise.allSettled(first);
  await Promise.all(first);
  await putPersistently(store, {
    key: sessionObjectKey(home.sessionId, 'conversation.jsonl'),
    body: conversation,
    expected: before === undefined ? 'absent' : { version: before },
    delaysMs: retryDelaysMs,
  }).catch((error: unknown) => {
    if (!(error instanceof ConditionFailedError)) throw error;
    throw new AgentError('lease_lost', 'Somebody else has written this session', { cause: error });
  });
  const size = ({ entries }: Snapshot): number =>
    entries.reduce((sum, entry) => sum + (entry.type === 'file' ? entry.size : 0), conversation.byteLength);
  await markSaved(home, size(snapshot));
  for (const tidied of await Promise.allSettled([
    removeReplaced(store, home.sessionId, { now, before: files }),
    renewOldPacks(store, { sessionId: home.sessionId, snapshot, times }),
  ]))
    if (tidied.status === 'rejected') saving.onLeftover?.(tidied.reason);
  return figures;
}

/** Saves only the debug log, if there is one: what a failed turn leaves for whoever looks into it. */
export async function persistDebugLog(home: SessionHome, store: SessionStore): Promise<void> {
  const log = await readDebugLog(home);
  if (log !== undefined) await store.put(sessionObjectKey(home.sessionId, 'debug.txt'), log);
}

/** @returns the transcript as the CLI left it, whatever it is worth. @throws AgentError `internal`, `conversation_too_large`. */
export async function readTranscript(home: SessionHome): Promise<Uint8Array> {
  const noTranscript = (cause: unknown): AgentError =>
    new AgentError('internal', 'The agent left no transcript, so this turn cannot be saved', { cause });
  const file = await openFileItself(home.transcript).catch((error: unknown) => {
    throw noTranscript(error);
  });
  try {
    if ((await file.stat()).size > TRANSCRIPT_LIMIT_BYTES) throw tooLarge();
    return await file.readFile();
  } catch (error) {
    throw error instanceof AgentError ? error : noTranscript(error);
  } finally {
    await file.close();
  }
}
