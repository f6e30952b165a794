import type { Definition, List, ListItem, Nodes, PhrasingContent } from 'mdast';
import { readableUrl } from './link-url.ts';
import type { RenderContext } from './render-context.ts';
import { renderInline } from './render-inline.ts';
import { renderTable } from './render-table.ts';

const RULE = '─'.repeat(10);
const BULLETS = ['•', '◦', '▪'];
const CHECKED = '☑';
const UNCHECKED = '☐';
const INDENT = '  ';

/** A code block's language is shown above it; anything longer is no language. */
const MAX_LANGUAGE_LENGTH = 64;

const PARAGRAPH_GAP = 2;

/**
 * Writes block after block.
 * @param newlines line breaks between two blocks: 2 leave an empty line
 */
export function renderBlocks(
  nodes: readonly Nodes[],
  context: RenderContext,
  newlines = PARAGRAPH_GAP,
): void {
  for (const [index, node] of nodes.entries()) {
    const isInGroup = node.type === 'definition' && nodes[index - 1]?.type === 'definition';
    if (index > 0) context.writer.breakLine(isInGroup ? 1 : newlines);
    renderBlock(node, context);
  }
}

/** Writes the footnotes of the whole document, which stand at its end. */
export function renderFootnotes(context: RenderContext): void {
  let newlines = PARAGRAPH_GAP;
  for (const { number, definition } of context.footnotes.inOrder()) {
    context.writer.breakLine(newlines);
    context.writer.write(`[${number}] `);
    renderBlocks(definition.children, context);
    newlines = 1;
  }
}

function renderBlock(node: Nodes, context: RenderContext): void {
  const { writer } = context;
  switch (node.type) {
    case 'paragraph':
      renderParagraph(node.children, context);
      return;
    case 'heading':
      renderHeading(node.children, context);
      return;
    case 'list':
      renderList(node, context);
      return;
    case 'blockquote':
      writer.withinQuote(() => renderBlocks(node.children, context));
      return;
    case 'code':
      writer.writePre(node.value, language(node.lang));
      return;
    case 'table':
      renderTable(node, context);
      return;
    case 'thematicBreak':
      writer.write(RULE);
      return;
    case 'html':
      writer.write(node.value);
      return;
    case 'definition':
      renderDefinition(node, context);
      return;
    case 'footnoteDefinition':
      if (context.footnotes.has(node)) return;
      writer.write(`[${node.label ?? node.identifier}]: `);
      renderBlocks(node.children, context);
      return;
    default:
      if ('children' in node) {
        renderBlocks(node.children, context);
        return;
      }
      if ('value' in node) {
        writer.write(node.value);
        return;
      }
  }
}

function renderHeading(children: readonly PhrasingContent[], context: RenderContext): void {
  context.writer.within({ type: 'bold' }, () => renderInline(children, context));
}

/** The parser leaves `Title` over `===` a paragraph; over `---` a rule is what models mean. */
function renderParagraph(children: readonly PhrasingContent[], context: RenderContext): void {
  const last = children.at(-1);
  const title = last?.type === 'text' ? last.value.replace(/\n={3,}[ \t]*$/, '') : undefined;
  if (last?.type !== 'text' || title === undefined || title === last.value) {
    renderInline(children, context);
    return;
  }
  renderHeading([...children.slice(0, -1), { ...last, value: title }], context);
}

function renderList(list: List, context: RenderContext, depth = 0): void {
  const start = list.start ?? 1;
  for (const [index, item] of list.children.entries()) {
    if (index > 0) context.writer.breakLine(list.spread ? PARAGRAPH_GAP : 1);
    const bullet = BULLETS[depth % BULLETS.length] ?? '•';
    renderItem(item, { marker: list.ordered ? `${start + index}.` : bullet, depth, context });
  }
}

function renderItem(
  item: ListItem,
  {
    marker,
    depth,
    context,
  }: { readonly marker: string; readonly depth: number; readonly context: RenderContext },
): void {
  const { writer } = context;
  const { indent } = writer;
  writer.write(`${itemMarker(item, marker)} `);
  writer.indent = indent + INDENT;
  for (const [index, child] of item.children.entries()) {
    if (index > 0) writer.breakLine(item.spread ? PARAGRAPH_GAP : 1);
    if (child.type === 'list') renderList(child, context, depth + 1);
    else renderBlock(child, context);
  }
  writer.indent = indent;
}

/** A task's box takes the place of its bullet, and stands behind its number. */
function itemMarker({ checked }: ListItem, marker: string): string {
  if (typeof checked !== 'boolean') return marker;
  const box = checked ? CHECKED : UNCHECKED;
  return marker.endsWith('.') ? `${marker} ${box}` : box;
}

/** A definition that no link uses is text to its reader, a list of sources for instance. */
function renderDefinition(node: Definition, context: RenderContext): void {
  if (context.usedDefinitions.has(node.identifier)) return;
  context.writer.write(`[${node.label ?? node.identifier}]: ${readableUrl(node.url)}`);
}

function language(name: string | null | undefined): string | undefined {
  return name && name.length <= MAX_LANGUAGE_LENGTH ? name : undefined;
}
