import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isSecret } from './verify-secret.ts';

it('accepts the secret and nothing else, however long or similar', () => {
  fc.assert(
    fc.property(fc.string(), fc.string({ minLength: 1 }), (other, secret) => {
      expect(isSecret(secret, secret)).toBe(true);
      expect(isSecret(other, secret)).toBe(other === secret);
      expect(isSecret(`${secret}${other}`, secret)).toBe(other === '');
    }),
  );
});

it('accepts no header at all for no secret', () => {
  expect(isSecret(undefined, 'secret')).toBe(false);
});

it.each([undefined, '', 'secret'])('lets nobody in when no secret is configured: %j', (shown) => {
  expect(isSecret(shown, '')).toBe(false);
});
