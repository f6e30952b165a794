import fc from 'fast-check';
import { expect, it } from 'vitest';
import { numbered, safeFileName } from './safe-file-name.ts';

it.each([
  ['report.pdf', 'report.pdf'],
  ['Bericht für März.pdf', 'Bericht für März.pdf'],
  ['报告.xlsx', '报告.xlsx'],
  ['../../etc/passwd', 'etc passwd'],
  ['..', 'file'],
  ['', 'file'],
  ['.claude', 'claude'],
  ['-rf', 'rf'],
  ['a\u0000b\n.txt', 'a b.txt'],
  ['invoice\u202Efdp.exe', 'invoice fdp.exe'],
  ['C:\\Users\\x.txt', 'C Users x.txt'],
  ['a"; filename="b', 'a filename= b'],
])('%j becomes %j', (name, safe) => {
  expect(safeFileName(name, 'file')).toBe(safe);
});

it('Whatever somebody calls a file, its name is one part, visible, short, and the same when it is made safe again', () =>
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (name) => {
      const safe = safeFileName(name, 'file');
      expect(safe).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}/\\"]|^[.-]/u);
      expect(safe).not.toBe('');
      expect(Buffer.byteLength(safe)).toBeLessThanOrEqual(150);
      expect(safeFileName(safe, 'file')).toBe(safe);
    }),
  ));

it('A long name keeps its extension', () => {
  expect(safeFileName(`${'ü'.repeat(300)}.tar.gz`, 'file')).toMatch(/^ü+\.gz$/);
  expect(safeFileName(`a.${'x'.repeat(300)}`, 'file')).toHaveLength(150);
});

it('A number goes before the extension', () => {
  expect(numbered('report.pdf', 2)).toBe('report-2.pdf');
  expect(numbered('Makefile', 3)).toBe('Makefile-3');
});
