// the packs that a session names → when the store wrote each → those that are gone are packed again, the old ones are made young
import { packObject, SESSION_RENEWAL_DAYS, sessionFolderKey, sessionObjectKey } from '@omnicloud/storage';
import { AgentError } from '../../errors.ts';
import { inParallel } from '../home/in-parallel.ts';
import type { SessionStore } from '../store/session-store.ts';
import type { Snapshot } from './snapshot.ts';

const RENEW_AFTER_MS = SESSION_RENEWAL_DAYS * 24 * 60 * 60 * 1000;
/** No renewal begins later than this in one turn: the user waits for it, and the next turn goes on. In ms. */
const RENEWAL_LIMIT_MS = 10_000;

/** When the store last wrote each pack of a session, by the pack's name. It is the store's own clock that objects expire by. */
export type PackTimes = ReadonlyMap<string, Date>;

/** @throws AgentError `store_unavailable` */
export async function packTimes(
  store: SessionStore,
  sessionId: string,
  { packs }: Snapshot,
): Promise<PackTimes> {
  const names = Object.keys(packs);
  if (names.length === 0) return new Map();
  const listed = await store.list(sessionFolderKey(sessionId, 'packs/'));
  const times = new Map(listed.map(({ key, modified }) => [key, modified]));
  return new Map(
    names.flatMap((name) => {
      const modified = times.get(sessionObjectKey(sessionId, packObject(name)));
      return modified ? [[name, modified] as const] : [];
    }),
  );
}

/** @returns the snapshot without the contents whose pack the store no longer has: where the home still holds them, they are sent again. */
export function withoutLostPacks(snapshot: Snapshot, times: PackTimes): Snapshot {
  return {
    ...snapshot,
    entries: snapshot.entries.filter((entry) => entry.type !== 'file' || times.has(entry.pack)),
    packs: Object.fromEntries(Object.entries(snapshot.packs).filter(([name]) => times.has(name))),
  };
}

/**
 * Makes the packs that a snapshot names as young as if they had been written now, when they were written `SESSION_RENEWAL_DAYS` ago or
 * earlier: they are written once and named for as long as their contents stay, and a store may remove what is old. The oldest go first.
 * One that fails, or finds no time any more, has its turn at the next save.
 * @param times of the packs that were there before this save; what this save has sent is young.
 * @throws AgentError `store_unavailable` when some of them failed, with their errors as its cause.
 */
export async function renewOldPacks(
  store: SessionStore,
  {
    sessionId,
    snapshot: { packs },
    times,
  }: { readonly sessionId: string; readonly snapshot: Snapshot; readonly times: PackTimes },
): Promise<void> {
  const youngest = Date.now() - RENEW_AFTER_MS;
  const old = [...times]
    .filter(([name, modified]) => Object.hasOwn(packs, name) && modified.getTime() <= youngest)
    .sort(([, one], [, other]) => one.getTime() - other.getTime());
  const deadlineMs = performance.now() + RENEWAL_LIMIT_MS;
  const failures: unknown[] = [];
  await inParallel(old, async ([name]) => {
    if (performance.now() >= deadlineMs) return;
    try {
      // One that has gone since it was listed is sent again by the next save.
      await store.renew(sessionObjectKey(sessionId, packObject(name)));
    } catch (error) {
      failures.push(error);
    }
  });
  if (failures.length > 0) {
    throw new AgentError(
      'store_unavailable',
      `${failures.length} of ${old.length} old archives of this session could not be stored again; the next turn tries it again`,
      { cause: new AggregateError(failures) },
    );
  }
}
