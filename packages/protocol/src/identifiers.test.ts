import { expect, it } from 'vitest';
import { damagedObject, sessionObjectKey } from './identifiers.ts';

it('What is damaged is kept beside the session’s objects, under its own digest', () => {
  expect(sessionObjectKey('abc', damagedObject('0a1b', 'jsonl'))).toBe('sessions/abc/damaged-0a1b.jsonl');
  expect(sessionObjectKey('abc', damagedObject('0a1b', 'json'))).toBe('sessions/abc/damaged-0a1b.json');
});
