// saved turn → claim the conversation | keep its mapping alive
import type { SessionMapping, SessionTable } from '@omnicloud/storage';
import { AgentError, toAgentError } from '../../errors.ts';
import type { HeldSession } from '../../session/lease/hold-session.ts';

/** What a saved turn means for the conversation it was asked in. */
export type MappingChange =
  /** The session is new: the conversation goes on with it instead of what it had when the run began. */
  | { readonly kind: 'claim'; readonly sessionKey: string; readonly replaces: SessionMapping | undefined }
  /** The session goes on: its mapping lives longer, if it has one. */
  | { readonly kind: 'refresh'; readonly sessionKey: string };

interface MappingSaver {
  readonly table: SessionTable;
  readonly sessionId: string;
  readonly held: HeldSession;
  readonly onError: (error: AgentError, sessionId: string) => void;
}

/**
 * Saves the mapping of a turn that has just been stored.
 * @throws AgentError `lease_lost` when the conversation was given to another session meanwhile. The turn stays stored, and asked again
 *   by its key is answered from there. The table's own error when a claim could not be saved; a refresh that failed is only reported,
 *   because the answer is safe and the mapping has days left.
 */
export async function saveMapping(change: MappingChange, saver: MappingSaver): Promise<void> {
  if (change.kind === 'refresh') return refresh(change.sessionKey, saver);
  const { table, sessionId, held } = saver;
  const { sessionKey, replaces } = change;
  // A process that thaws here must not claim what a later run of the session has claimed and the user has left since.
  const isClaimed =
    (await held.confirm()) &&
    (await table.save(sessionKey, sessionId, { fencingToken: held.lease.fencingToken, replaces }));
  if (!isClaimed) {
    throw new AgentError('lease_lost', 'Another session took this conversation over while this one ran');
  }
}

/**
 * Saves the mapping of a turn that was stored earlier and is answered again: whoever stored it may have died before it saved the
 * mapping. A conversation that has another session keeps it: nobody can tell any more which of the two is the newer one, and the
 * caller gets its answer either way.
 * @throws the table's own error when a claim could not be saved.
 */
export async function saveMappingAgain(change: MappingChange, saver: MappingSaver): Promise<void> {
  if (change.kind === 'refresh') return refresh(change.sessionKey, saver);
  const { fencingToken } = saver.held.lease;
  await saver.table.save(change.sessionKey, saver.sessionId, { fencingToken, replaces: undefined });
}

async function refresh(sessionKey: string, { table, sessionId, held, onError }: MappingSaver): Promise<void> {
  try {
    await table.refresh(sessionKey, sessionId, held.lease.fencingToken);
  } catch (error) {
    onError(toAgentError(error), sessionId);
  }
}
