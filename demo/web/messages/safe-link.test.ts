import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { safeLink } from './safe-link.ts';

describe('safeLink', () => {
  it.each([
    ['https://example.com/a?b#c', 'https://example.com/a?b#c'],
    ['http://example.com', 'http://example.com/'],
    ['mailto:ada@example.com', 'mailto:ada@example.com'],
    ['tg://resolve?domain=example', 'tg://resolve?domain=example'],
    ['example.com/a', 'https://example.com/a'],
    ['example.com:8080/a', 'https://example.com:8080/a'],
    ['localhost:3000', 'https://localhost:3000/'],
  ])('lets %s lead to %s', (address, expected) => {
    expect(safeLink(address)).toBe(expected);
  });

  it.each([
    'javascript:alert(1)',
    ' JavaScript:alert(1)',
    'java\nscript:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'file:///etc/passwd',
    'vbscript:x',
    'blob:https://example.com/1',
    'https://',
    '',
  ])('refuses %j', (address) => {
    expect(safeLink(address)).toBeUndefined();
  });

  it('never returns an address with another scheme than those of a chat', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.webUrl(),
          fc.string().map((rest) => `javascript:${rest}`),
        ),
        (address) => {
          const link = safeLink(address);
          if (link !== undefined)
            expect(['http:', 'https:', 'tg:', 'mailto:']).toContain(new URL(link).protocol);
        },
      ),
    );
  });
});
