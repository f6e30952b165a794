import { expect, test } from 'vitest';
import { MAX_FILE_BYTES, MAX_FILES, sortOut } from './file-limits.ts';

test('what cannot be sent is told apart, with the reason', () => {
  const files = [
    { size: 1 },
    { size: 0 },
    { size: MAX_FILE_BYTES },
    { size: MAX_FILE_BYTES + 1 },
    { size: 2 },
  ];
  const [fits, empty, largest, large, last] = files;
  expect(sortOut(files, MAX_FILES - 2)).toEqual({
    taken: [fits, largest],
    refused: [
      { file: empty, reason: 'emptyFile' },
      { file: large, reason: 'tooLarge' },
      { file: last, reason: 'tooMany' },
    ],
  });
});
