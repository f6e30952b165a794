import { expect, it } from 'vitest';
import { attachmentObjectKey, damagedObject, sessionObjectKey } from './object-names.ts';

it('What is damaged is kept beside the session’s objects, under its own digest', () => {
  expect(sessionObjectKey('abc', damagedObject('0a1b', 'jsonl'))).toBe('sessions/abc/damaged-0a1b.jsonl');
  expect(sessionObjectKey('abc', damagedObject('0a1b', 'json'))).toBe('sessions/abc/damaged-0a1b.json');
});

it('A file that a user sent lies below its own conversation, under one name in both tiers', () => {
  expect(attachmentObjectKey('-100123:7', '42-0')).toBe('inbox/-100123_7/42-0');
});

it('The conversation is not in the keys of a session’s objects, which go by the session alone', () => {
  expect(sessionObjectKey('abc', 'conversation.jsonl')).toBe('sessions/abc/conversation.jsonl');
});
