import type { MessageEntity } from 'grammy/types';

/** A piece of plain text, or an entity around pieces. */
export type EntityNode = { text: string } | { entity: MessageEntity; children: EntityNode[] };

interface Span {
  start: number;
  end: number;
  entity: MessageEntity;
}

/** Of two entities over the same range the earlier here is the outer one: blocks hold links, links hold styles. */
const OUTERMOST_FIRST: readonly MessageEntity['type'][] = [
  'blockquote',
  'expandable_blockquote',
  'pre',
  'spoiler',
  'text_link',
  'url',
];

/**
 * Turns Telegram's flat entities (offsets and lengths in UTF-16 code units) into a tree that can be drawn. Entities nest;
 * one that crosses the end of another is cut there and goes on after it. What reaches beyond the text is clipped.
 * @returns nodes whose texts, read in order, are exactly `text`.
 */
export function entityTree(text: string, entities: readonly MessageEntity[] = []): EntityNode[] {
  const spans = entities
    .map((entity) => ({
      start: Math.max(0, entity.offset),
      end: Math.min(text.length, entity.offset + entity.length),
      entity,
    }))
    .filter(({ start, end }) => start < end);
  return build(text, { start: 0, end: text.length, spans });
}

/** @returns the text of a tree. */
export function treeText(nodes: readonly EntityNode[]): string {
  return nodes.map((node) => ('text' in node ? node.text : treeText(node.children))).join('');
}

function build(
  text: string,
  { start, end, spans }: { readonly start: number; readonly end: number; readonly spans: readonly Span[] },
): EntityNode[] {
  const nodes: EntityNode[] = [];
  let position = start;
  let rest = spans.toSorted(compareSpans);
  for (let span = rest.shift(); span; span = rest.shift()) {
    const cut = span.end;
    const inside: Span[] = [];
    const after: Span[] = [];
    for (const other of rest) {
      if (other.start >= cut) after.push(other);
      else inside.push({ ...other, end: Math.min(other.end, cut) });
      if (other.start < cut && other.end > cut) after.push({ ...other, start: cut });
    }
    if (span.start > position) nodes.push({ text: text.slice(position, span.start) });
    nodes.push({
      entity: span.entity,
      children: build(text, { start: span.start, end: cut, spans: inside }),
    });
    position = cut;
    rest = after.toSorted(compareSpans);
  }
  if (position < end) nodes.push({ text: text.slice(position, end) });
  return nodes;
}

function compareSpans(a: Span, b: Span): number {
  return a.start - b.start || b.end - a.end || rank(a) - rank(b);
}

function rank({ entity }: Span): number {
  const index = OUTERMOST_FIRST.indexOf(entity.type);
  return index === -1 ? OUTERMOST_FIRST.length : index;
}
