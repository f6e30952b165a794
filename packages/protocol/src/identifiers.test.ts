import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { damagedConversation, sessionObjectKey } from './identifiers.ts';

describe('a damaged conversation', () => {
  it('is kept beside the session’s objects, under the time it was found at', () => {
    const name = damagedConversation(new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 67)));
    expect(sessionObjectKey('abc', name)).toBe('sessions/abc/damaged-20260102T030405.067Z.jsonl');
  });

  it('has a name that any file system takes, and that sorts by time', () =>
    fc.assert(
      fc.property(anyTime, anyTime, (one, other) => {
        expect(damagedConversation(one)).toMatch(/^[A-Za-z0-9.-]+$/);
        expect(damagedConversation(one) < damagedConversation(other)).toBe(one < other);
      }),
    ));
});

const anyTime = fc.date({ min: new Date('2026-01-01'), max: new Date('2099-12-31'), noInvalidDate: true });
