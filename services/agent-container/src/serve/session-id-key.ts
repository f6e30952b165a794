// session store → the key that session ids are derived by, made by whoever needs it first
import { randomBytes } from 'node:crypto';
import { AgentError } from '../errors.ts';
import type { SessionStore } from '../session/session-store.ts';

/** It lies beside the conversations: whoever can read it there can read them as well. */
const OBJECT = 'keys/session-ids';
const LENGTH = 32;

const known = new WeakMap<SessionStore, Promise<string>>();

/**
 * A key of its own, and not the service token: that one is shown to others with every request and is replaced now and then.
 * @returns the same key for all servers that share the store.
 * @throws AgentError `store_unavailable`
 */
export function sessionIdKey(store: SessionStore): Promise<string> {
  const read = known.get(store) ?? readOrMake(store);
  known.set(store, read);
  // What failed is tried again.
  read.catch(() => known.delete(store));
  return read;
}

async function readOrMake(store: SessionStore): Promise<string> {
  const found = await readKey(store);
  if (found !== undefined) return found;
  try {
    await store.put(OBJECT, randomBytes(LENGTH), 'absent');
  } catch (error) {
    // Somebody else made it at the same moment.
    if (!(error instanceof AgentError) || error.code !== 'lease_lost') throw error;
  }
  const made = await readKey(store);
  if (made === undefined)
    throw new AgentError('store_unavailable', 'The key of session ids could not be kept');
  return made;
}

async function readKey(store: SessionStore): Promise<string | undefined> {
  const stored = await store.get(OBJECT);
  if (stored === undefined) return undefined;
  if (stored.body.byteLength !== LENGTH)
    throw new AgentError(
      'store_unavailable',
      'The key of session ids is damaged; remove it and it is made anew',
    );
  return Buffer.from(stored.body).toString('hex');
}
