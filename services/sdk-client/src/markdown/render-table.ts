import type { AlignType, Table, TableCell, TableRow } from 'mdast';
import { toString } from 'mdast-util-to-string';
import { displayWidth } from './display-width.ts';
import { FormattedTextWriter } from './formatted-text.ts';
import type { RenderContext } from './render-context.ts';
import { renderInline } from './render-inline.ts';

/** Columns of monospaced text that a phone shows without breaking lines. */
const MAX_GRID_COLUMNS = 42;

const CELL_GAP = ' | ';
const NO_CELL = { text: '', width: 0 };

/** Writes a narrow table as a monospaced grid; a wide one, or one with links in it, as a card for each row. */
export function renderTable(table: Table, context: RenderContext): void {
  const grid = hasLink(table) ? undefined : tableGrid(table, context);
  if (grid === undefined) renderCards(table, context);
  else context.writer.writePre(grid);
}

function hasLink(table: Table): boolean {
  return table.children.some((row) => row.children.some((cell) => cell.children.some(isOrHoldsLink)));
}

function isOrHoldsLink(node: TableCell['children'][number]): boolean {
  if (/^(?:link|image)/.test(node.type)) return true;
  return 'children' in node && node.children.some(isOrHoldsLink);
}

/** @returns undefined when the grid would be too wide. */
function tableGrid(table: Table, context: RenderContext): string | undefined {
  const rows = table.children.map((row) =>
    row.children.map((cell) => {
      const text = plainText(cell, context);
      return { text, width: displayWidth(text) };
    }),
  );
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 1, cell.width);
    }
  }
  const total = widths.reduce((sum, width) => sum + width + CELL_GAP.length, -CELL_GAP.length);
  if (total > MAX_GRID_COLUMNS) return undefined;
  const lines = rows.map((row) =>
    widths
      .map((width, column) => pad(row[column] ?? NO_CELL, width, table.align?.[column]))
      .join(CELL_GAP)
      .trimEnd(),
  );
  const rule = widths.map((width) => '-'.repeat(width)).join('-+-');
  return [...lines.slice(0, 1), rule, ...lines.slice(1)].join('\n');
}

function plainText(cell: TableCell, context: RenderContext): string {
  const writer = new FormattedTextWriter();
  renderInline(cell.children, { ...context, writer });
  return writer.finish().text;
}

function pad(cell: { text: string; width: number }, width: number, align: AlignType | undefined): string {
  const missing = width - cell.width;
  const before = align === 'right' ? missing : align === 'center' ? Math.floor(missing / 2) : 0;
  return ' '.repeat(before) + cell.text + ' '.repeat(missing - before);
}

function renderCards(table: Table, context: RenderContext): void {
  const [header, ...rows] = table.children;
  if (!header) return;
  if (rows.length === 0) renderHeaderOnly(header, context);
  for (const row of rows) {
    renderCard(header, row, context);
    context.writer.breakLine(2);
  }
}

function renderHeaderOnly({ children }: TableRow, context: RenderContext): void {
  for (const [column, cell] of children.entries()) {
    if (column > 0) context.writer.write(CELL_GAP);
    context.writer.within({ type: 'bold' }, () => renderInline(cell.children, context));
  }
}

/** The first cell is the card's title; each other one stands on a line with its column's name. */
function renderCard(header: TableRow, row: TableRow, context: RenderContext): void {
  const { writer } = context;
  for (const [column, cell] of row.children.entries()) {
    if (toString(cell).trim() === '') continue;
    if (column === 0) {
      writer.within({ type: 'bold' }, () => renderInline(cell.children, context));
    } else {
      const name = header.children[column];
      if (name && toString(name).trim() !== '') {
        renderInline(name.children, context);
        writer.write(': ');
      }
      renderInline(cell.children, context);
    }
    writer.breakLine();
  }
}
