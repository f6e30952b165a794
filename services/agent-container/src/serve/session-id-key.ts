// session store → the key from which session ids are derived; the first server makes it, every server renews it before the bucket removes it
import { randomBytes } from 'node:crypto';
import { SESSION_RENEWAL_DAYS } from '@omnicloud/storage';
import { AgentError } from '../errors.ts';
import { ConditionFailedError } from '../session/store/condition-failed-error.ts';
import { gather } from '../session/store/read-object.ts';
import type { SessionStore } from '../session/store/session-store.ts';

/** It lies beside the conversations: whoever can read it there can read them as well. */
const OBJECT = 'keys/session-ids';
const LENGTH = 32;

const DAY_MS = 24 * 60 * 60 * 1000;
const RENEW_AFTER_MS = SESSION_RENEWAL_DAYS * DAY_MS;

type OnError = (error: unknown) => void;

interface Known {
  readonly key: Promise<Buffer>;
  /** When the object was last looked at, ms since 1970. */
  readonly lookedAtMs: number;
}

const known = new WeakMap<SessionStore, Known>();

/**
 * A key of its own, and not the service token: that one is shown to others with every request and is replaced now and then. The bucket
 * removes what was written 90 days ago, and a new key would give every conversation another id. So the object is looked at once a day,
 * renewed when it is 28 days old, and written again when it is gone.
 * @param onError told what failed although the key is known.
 * @returns the same key for all servers that share the store, in hex.
 * @throws AgentError `store_unavailable`
 */
export async function sessionIdKey(store: SessionStore, onError: OnError): Promise<string> {
  const lookedAtMs = Date.now();
  const before = known.get(store);
  // A clock that was set back is no reason to wait for longer.
  if (before !== undefined && Math.abs(lookedAtMs - before.lookedAtMs) < DAY_MS)
    return (await before.key).toString('hex');
  const key = before === undefined ? look(store, onError) : lookAgain(store, await before.key, onError);
  const now: Known = { key, lookedAtMs };
  known.set(store, now);
  // What failed is tried again.
  key.catch(() => known.delete(store));
  return (await key).toString('hex');
}

async function lookAgain(store: SessionStore, key: Buffer, onError: OnError): Promise<Buffer> {
  try {
    return await look(store, onError, key);
  } catch (error) {
    onError(error);
    return key;
  }
}

/** @param made the key to write when there is none. */
async function look(
  store: SessionStore,
  onError: OnError,
  made: Buffer = randomBytes(LENGTH),
): Promise<Buffer> {
  const found = await readKey(store, onError);
  if (found !== undefined) return found;
  try {
    await store.put(OBJECT, made, 'absent');
  } catch (error) {
    // Somebody else made it at the same moment.
    if (!(error instanceof ConditionFailedError)) throw error;
  }
  const stored = await readKey(store, onError);
  if (stored === undefined)
    throw new AgentError('store_unavailable', 'The key of session ids could not be kept');
  return stored;
}

async function readKey(store: SessionStore, onError: OnError): Promise<Buffer | undefined> {
  await using object = await store.open(OBJECT);
  if (object === undefined) return undefined;
  if (object.bytes !== LENGTH)
    throw new AgentError(
      'store_unavailable',
      'The key of session ids is damaged; remove it and it is made anew',
    );
  const { body } = await gather(object);
  // Nobody else changes it, so what comes back is what was there.
  if (Date.now() - object.modified.getTime() >= RENEW_AFTER_MS) await store.renew(OBJECT).catch(onError);
  return Buffer.from(body);
}
