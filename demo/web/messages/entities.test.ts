import fc from 'fast-check';
import type { MessageEntity } from 'grammy/types';
import { describe, expect, it } from 'vitest';
import { type EntityNode, entityTree, treeText } from './entities.ts';

const TYPES = ['bold', 'italic', 'code', 'spoiler', 'blockquote', 'pre', 'url'] as const;

const entity: fc.Arbitrary<MessageEntity> = fc.record({
  type: fc.constantFrom(...TYPES),
  offset: fc.integer({ min: -3, max: 30 }),
  length: fc.integer({ min: -2, max: 40 }),
});
const text = fc.string({ unit: 'grapheme', maxLength: 24 });

/** @returns for each UTF-16 code unit of the tree which entities enclose it. */
function coverage(nodes: readonly EntityNode[], around: readonly MessageEntity[] = []): Set<MessageEntity>[] {
  return nodes.flatMap((node) =>
    'text' in node
      ? Array.from({ length: node.text.length }, () => new Set(around))
      : coverage(node.children, [...around, node.entity]),
  );
}

describe('entityTree', () => {
  it('keeps every character in its place, whatever the entities are', () => {
    fc.assert(
      fc.property(text, fc.array(entity, { maxLength: 8 }), (written, entities) => {
        expect(treeText(entityTree(written, entities))).toBe(written);
      }),
    );
  });

  it('puts each UTF-16 code unit inside exactly the entities whose offset and length cover it', () => {
    fc.assert(
      fc.property(text, fc.array(entity, { maxLength: 8 }), (written, entities) => {
        const expected = Array.from(
          { length: written.length },
          (_, at) => new Set(entities.filter(({ offset, length }) => offset <= at && at < offset + length)),
        );
        expect(coverage(entityTree(written, entities))).toEqual(expected);
      }),
    );
  });

  it('makes neither empty pieces nor two neighbouring pieces of plain text', () => {
    const check = (nodes: readonly EntityNode[]): void => {
      nodes.forEach((node, index) => {
        if ('text' in node) {
          expect(node.text).not.toBe('');
          expect(nodes[index + 1] ?? {}).not.toHaveProperty('text');
        } else {
          expect(node.children).not.toEqual([]);
          check(node.children);
        }
      });
    };
    fc.assert(
      fc.property(text, fc.array(entity, { maxLength: 8 }), (written, list) =>
        check(entityTree(written, list)),
      ),
    );
  });

  it('nests an entity that lies within another, counting an emoji as its two code units', () => {
    const bold: MessageEntity = { type: 'bold', offset: 3, length: 8 };
    const italic: MessageEntity = { type: 'italic', offset: 8, length: 3 };
    expect(entityTree('😀 bold ital end', [italic, bold])).toEqual([
      { text: '😀 ' },
      { entity: bold, children: [{ text: 'bold ' }, { entity: italic, children: [{ text: 'ita' }] }] },
      { text: 'l end' },
    ]);
  });

  it('cuts an entity that crosses the end of another and lets it go on after it', () => {
    const bold: MessageEntity = { type: 'bold', offset: 0, length: 4 };
    const italic: MessageEntity = { type: 'italic', offset: 2, length: 4 };
    expect(entityTree('abcdef', [bold, italic])).toEqual([
      { entity: bold, children: [{ text: 'ab' }, { entity: italic, children: [{ text: 'cd' }] }] },
      { entity: italic, children: [{ text: 'ef' }] },
    ]);
  });

  it('draws a quotation around a style of the same range, in whatever order they come', () => {
    const bold: MessageEntity = { type: 'bold', offset: 0, length: 2 };
    const quote: MessageEntity = { type: 'blockquote', offset: 0, length: 2 };
    const expected = [{ entity: quote, children: [{ entity: bold, children: [{ text: 'ab' }] }] }];
    expect(entityTree('ab', [bold, quote])).toEqual(expected);
    expect(entityTree('ab', [quote, bold])).toEqual(expected);
  });
});
