import fc from 'fast-check';
import type { MessageEntity } from 'grammy/types';
import { describe, expect, it } from 'vitest';
import { messageText } from './message-text.ts';

const bold = (offset: number, length: number): MessageEntity => ({ type: 'bold', offset, length });

describe('messageText', () => {
  it('counts code points, not UTF-16 units: 4096 emoji fit and 4097 letters do not', () => {
    expect(messageText('😀'.repeat(4096)).text).toHaveLength(8192);
    expect(() => messageText('a'.repeat(4097))).toThrow('message is too long');
  });

  it('counts after trimming', () => {
    expect(messageText(`  ${'a'.repeat(4096)}\n\n`).text).toHaveLength(4096);
  });

  it.each(['', '   ', '\n\t\r\n'])('refuses the empty text %j', (text) => {
    expect(() => messageText(text)).toThrow('message text is empty');
  });

  it('refuses half a surrogate pair in the text', () => {
    expect(() => messageText('a\ud83d')).toThrow('text must be encoded in UTF-8');
  });

  it.each([
    [bold(-1, 1), 'receive an entity with incorrect offset -1'],
    [bold(0, -1), 'receive an entity with incorrect length -1'],
    [bold(9, 1), 'entity begins after the end of the text at UTF-16 offset 9'],
    [bold(1, 8), 'entity beginning at UTF-16 offset 1 ends after the end of the text at UTF-16 offset 9'],
    [bold(1, 2), 'entity begins in a middle of a UTF-16 symbol at byte offset 4'],
    [bold(0, 1), 'entity beginning at UTF-16 offset 0 ends in a middle of a UTF-16 symbol at byte offset 4'],
  ])('refuses the entity %j', (entity, reason) => {
    expect(() => messageText('👉 abcde', [entity])).toThrow(reason);
  });

  it('refuses the whole message for one bad link', () => {
    const link: MessageEntity = { type: 'text_link', offset: 0, length: 1, url: 'https://exam' };
    expect(() => messageText('abc', [link])).toThrow("entity URL 'https://exam' is invalid: Wrong HTTP URL");
  });

  it('keeps 100 entities and drops the rest', () => {
    const entities = Array.from({ length: 150 }, (_, index) => bold(index * 2, 1));
    const { entities: kept } = messageText('a '.repeat(150), entities);
    expect(kept).toEqual(entities.slice(0, 100));
  });

  it('trims the text and moves the entities along', () => {
    expect(messageText('  ab cd \n', [bold(5, 4)])).toEqual({ text: 'ab cd', entities: [bold(3, 2)] });
  });

  it('keeps the white space that an entity begins with', () => {
    expect(messageText('   x', [bold(2, 2)])).toEqual({ text: ' x', entities: [bold(0, 2)] });
  });

  it('drops carriage returns and turns other control characters into spaces', () => {
    expect(messageText('a\r\nb\tc', [bold(3, 3)])).toEqual({ text: 'a\nb c', entities: [bold(2, 3)] });
  });

  it('marks links, commands and mentions itself, but not inside of what is marked already', () => {
    const code: MessageEntity = { type: 'code', offset: 5, length: 5 };
    expect(messageText('/help /stop https://a.example', [code]).entities).toEqual([
      { type: 'bot_command', offset: 0, length: 5 },
      code,
      { type: 'url', offset: 12, length: 17 },
    ]);
  });

  it('never leaves an entity outside of the text, empty, or in the middle of a character', () => {
    const piece = fc.constantFrom(' ', '\n', '\r', '\t', 'a', '/b', '😀', 'https://x.example', '@friend');
    const range = fc.tuple(fc.nat(30), fc.nat(30));
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1 }), fc.array(range), (pieces, ranges) => {
        const raw = `${pieces.join('')}.`;
        const starts = pieces.map((_, index) => pieces.slice(0, index).join('').length);
        const given = ranges.map(([from, count]) => {
          const offset = starts[from % starts.length] ?? 0;
          return bold(offset, (starts[(from + count) % starts.length] ?? 0) - offset);
        });
        const { text, entities = [] } = messageText(
          raw,
          given.filter(({ length }) => length >= 0),
        );
        expect(text).toBe(text.trimEnd());
        for (const { offset, length } of entities) {
          expect(length).toBeGreaterThan(0);
          expect(offset).toBeGreaterThanOrEqual(0);
          expect(offset + length).toBeLessThanOrEqual(text.length);
          expect(text.slice(offset, offset + length).isWellFormed()).toBe(true);
        }
      }),
    );
  });
});
