import { describe, expect, it } from 'vitest';
import { SecretError, type SecretErrorCode } from './secret-error.ts';
import type { Secrets } from './secrets.ts';

export interface OpenSecrets {
  readonly secrets: Secrets;
  /** Creates the secret or gives it another value, as a rotation does. @returns once that is so. */
  readonly put: (name: string, value: string) => Promise<void>;
}

/** What no error may contain. */
const VALUE = 'hunter2';

/** @returns the error that the promise rejects with. */
async function errorOf(promise: Promise<string>): Promise<SecretError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SecretError);
  return error as SecretError;
}

/** @returns everything that a log could show of an error. */
function told(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return `${error.message} ${error.stack ?? ''} ${JSON.stringify(error)} ${told(error.cause)}`;
}

/**
 * What every adapter of the port promises, as vitest tests.
 * @param open opens a store without secrets.
 */
export function describeSecrets(name: string, open: () => Promise<OpenSecrets>): void {
  describe(`${name} as secrets`, () => {
    it.each(['get', 'refresh'] as const)('%s returns a secret as it was stored', async (read) => {
      const { secrets, put } = await open();
      for (const [index, value] of [VALUE, 'Grüße 👋\n', '{"a":"b"}', ' '].entries()) {
        await put(`value-${index}`, value);
        expect(await secrets[read](`value-${index}`)).toBe(value);
      }
    });

    it.each(['get', 'refresh'] as const)('%s returns a string of a JSON secret by its key', async (read) => {
      const { secrets, put } = await open();
      await put('bot', JSON.stringify({ token: VALUE, 'a#b': 'other', '': 'nameless' }));
      expect(await secrets[read]('bot#token')).toBe(VALUE);
      expect(await secrets[read]('bot#a#b')).toBe('other');
      expect(await secrets[read]('bot#')).toBe('nameless');
    });

    it('refresh sees another value at once, and so does every get after it', async () => {
      const { secrets, put } = await open();
      await put('bot', '{"token":"old"}');
      expect(await secrets.get('bot#token')).toBe('old');
      await put('bot', '{"token":"new"}');
      expect(await secrets.refresh('bot#token')).toBe('new');
      expect(await secrets.get('bot#token')).toBe('new');
      expect(await secrets.get('bot')).toBe('{"token":"new"}');
    });

    it('says which secret is missing, and has it once it is there', async () => {
      const { secrets, put } = await open();
      const error = await errorOf(secrets.get('late'));
      expect(error).toMatchObject({ code: 'secret_missing', retryable: false });
      expect(error.message).toContain('late');
      await put('late', VALUE);
      expect(await secrets.get('late')).toBe(VALUE);
    });

    it.each<[string, { secret: string; key?: string; code: SecretErrorCode }]>([
      ['a key that is not there', { secret: `{"other":"${VALUE}"}`, code: 'secret_missing' }],
      ['a key that every object inherits', { secret: '{}', key: 'constructor', code: 'secret_missing' }],
      ['a value that is no string', { secret: `{"key":["${VALUE}"]}`, code: 'secret_malformed' }],
      ['a secret that is no JSON', { secret: VALUE, code: 'secret_malformed' }],
      ['a secret that is nearly JSON', { secret: `{"key":"${VALUE}"`, code: 'secret_malformed' }],
      ['a secret that is a JSON string', { secret: `"${VALUE}"`, code: 'secret_malformed' }],
      ['a secret that is a JSON array', { secret: `["${VALUE}"]`, code: 'secret_malformed' }],
      ['a secret that is null', { secret: 'null', code: 'secret_malformed' }],
    ])('does not give away a value when it is asked for %s', async (_what, { secret, key = 'key', code }) => {
      const { secrets, put } = await open();
      await put('given', secret);
      for (const read of ['get', 'refresh'] as const) {
        const error = await errorOf(secrets[read](`given#${key}`));
        expect(error).toMatchObject({ code, retryable: false });
        expect(error.message).toMatch(new RegExp(`given\\S*#${key}`));
        expect(told(error)).not.toContain(VALUE);
      }
    });
  });
}
