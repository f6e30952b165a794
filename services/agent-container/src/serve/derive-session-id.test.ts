import { sessionPathSchema } from '@omnicloud/protocol';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { deriveSessionId } from './derive-session-id.ts';

const asked = fc.record({ secret: fc.string(), sessionKey: fc.string(), key: fc.string() });

it('A derived session is a UUID of version 8 that its path accepts, and the same every time', () =>
  fc.assert(
    fc.property(asked, ({ secret, sessionKey, key }) => {
      const id = deriveSessionId(secret, sessionKey, key);
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(sessionPathSchema.parse({ session_id: id })).toEqual({ session_id: id });
      expect(deriveSessionId(secret, sessionKey, key)).toBe(id);
    }),
  ));

it('Another secret, conversation or key is another session, wherever one ends and the next begins', () =>
  fc.assert(
    fc.property(asked, asked, (one, other) => {
      fc.pre(JSON.stringify(one) !== JSON.stringify(other));
      const ids = [one, other].map(({ secret, sessionKey, key }) => deriveSessionId(secret, sessionKey, key));
      expect(ids[0]).not.toBe(ids[1]);
    }),
  ));
