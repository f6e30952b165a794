import { expect, test } from 'vitest';
import { fileSize, shownName } from './formats.ts';

test('a name is shown in the order of its letters', () => {
  expect(shownName('photo\u202egpj.exe')).toBe('photogpj.exe');
  expect(shownName('Grüße 报告 תמונה.pdf')).toBe('Grüße 报告 תמונה.pdf');
});

test.each([
  [7, '7 B'],
  [1_234, '1.2 kB'],
  [999_999, '1.0 MB'],
  [20 * 1024 * 1024, '21 MB'],
])('%i bytes are shown as %s', (bytes, shown) => {
  expect(fileSize(bytes)).toBe(shown);
});
