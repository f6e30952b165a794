import { expect, test } from 'vitest';
import { isTextFile, readAttachments } from './attachments.ts';

test('lines about files are told from what the user wrote, whatever the names hold', () => {
  const words = [
    'What is this?',
    '',
    '[Attached file: inbox/报告 (final), v2].pdf (application/pdf, 120345 bytes)]',
    '[Attached file: inbox/notes.md (text/markdown, 0 bytes)]',
  ].join('\n');
  expect(readAttachments(words)).toEqual({
    text: 'What is this?',
    files: [
      { path: 'inbox/报告 (final), v2].pdf', mediaType: 'application/pdf', size: 120_345 },
      { path: 'inbox/notes.md', mediaType: 'text/markdown', size: 0 },
    ],
  });
  expect(readAttachments('see [Attached file: a]')).toEqual({ text: 'see [Attached file: a]', files: [] });
});

test.each([
  ['a.bin', 'text/plain', true],
  ['a.bin', 'application/json', true],
  ['a.bin', 'application/ld+json', true],
  ['a.TSX', 'application/octet-stream', true],
  ['a.csv', 'application/vnd.ms-excel', true],
  ['a.jpg', 'image/jpeg', false],
  ['a.pdf', 'application/pdf', false],
  ['a.zip', 'application/octet-stream', false],
])('%s of type %s is text: %s', (path, mediaType, expected) => {
  expect(isTextFile({ path, mediaType, size: 1 })).toBe(expected);
});
