import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { AgentError } from '../../errors.ts';
import { ConditionFailedError } from './condition-failed-error.ts';
import { putPersistently, type Write } from './put-persistently.ts';
import type { Expectation, SessionStore } from './session-store.ts';

const KEY = 'sessions/a/conversation.jsonl';
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const write = (expected: Expectation): Write => ({
  key: KEY,
  body: bytes('new'),
  expected,
  delaysMs: [0, 0, 0],
});

/** A store that follows a script, one step for each put: `ok`, `fails`, `lost` (it lands, but the answer does not come), `taken`. */
function scriptedStore(
  script: ('ok' | 'fails' | 'lost' | 'taken')[],
  content?: string,
): SessionStore & { puts: number } {
  let object = content === undefined ? undefined : bytes(content);
  const store = {
    puts: 0,
    get: () => Promise.resolve(object && { body: object, version: 'v' }),
    open: () =>
      Promise.resolve(
        object && {
          bytes: object.byteLength,
          modified: new Date(0),
          body: Readable.from([object]),
          version: () => 'v',
          [Symbol.asyncDispose]: () => Promise.resolve(),
        },
      ),
    copy: () => Promise.resolve(true),
    put: (_key: string, body: Uint8Array) => {
      store.puts += 1;
      const step = script.shift() ?? 'ok';
      if (step === 'ok' || step === 'lost') object = body;
      if (step === 'taken') return Promise.reject(new ConditionFailedError(KEY));
      if (step !== 'ok') return Promise.reject(new AgentError('store_unavailable', 'Down'));
      return Promise.resolve('v2');
    },
    list: () => Promise.resolve([]),
    renew: () => Promise.resolve(true),
    delete: () => Promise.resolve(),
  };
  return store;
}

describe('A write that must succeed', () => {
  it('is tried again when the store fails', async () => {
    const store = scriptedStore(['fails', 'fails', 'ok']);
    await putPersistently(store, write('absent'));
    expect(store.puts).toBe(3);
  });

  it('is reported when the store keeps failing', async () => {
    const store = scriptedStore(['fails', 'fails', 'fails', 'fails', 'ok']);
    const put = putPersistently(store, write('absent'));
    await expect(put).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(store.puts).toBe(4);
  });

  it('counts as done when an earlier try had landed and only its answer was lost', async () => {
    await putPersistently(scriptedStore(['lost', 'taken']), write({ version: 'v1' }));
  });

  it('ends at once when somebody else wrote the object', async () => {
    const first = putPersistently(scriptedStore(['taken'], 'theirs'), write({ version: 'v1' }));
    await expect(first).rejects.toThrow(ConditionFailedError);
    const later = putPersistently(scriptedStore(['fails', 'taken'], 'theirs'), write({ version: 'v1' }));
    await expect(later).rejects.toThrow(ConditionFailedError);
  });
});
