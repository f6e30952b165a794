import type { PhrasingContent } from 'mdast';
import { toString } from 'mdast-util-to-string';
import { linkUrl, readableUrl } from './link-url.ts';
import type { RenderContext } from './render-context.ts';

/** Writes the content of a paragraph, heading or table cell. */
export function renderInline(nodes: readonly PhrasingContent[], context: RenderContext): void {
  for (const node of nodes) renderNode(node, context);
}

function renderNode(node: PhrasingContent, context: RenderContext): void {
  const { writer } = context;
  const renderChildren = (): void => {
    if ('children' in node) renderInline(node.children, context);
  };
  switch (node.type) {
    case 'text':
    case 'html':
      writer.write(node.value);
      return;
    case 'break':
      writer.write('\n');
      return;
    case 'inlineCode':
      writer.writeCode(node.value);
      return;
    case 'strong':
      writer.within({ type: 'bold' }, renderChildren);
      return;
    case 'emphasis':
      writer.within({ type: 'italic' }, renderChildren);
      return;
    case 'delete':
      writer.within({ type: 'strikethrough' }, renderChildren);
      return;
    case 'footnoteReference':
      writer.write(`[${context.footnotes.numberOf(node.identifier)}]`);
      return;
    case 'link':
      renderLink(node.url, { label: toString(node), context, writeLabel: renderChildren });
      return;
    case 'linkReference': {
      const url = context.definitions.get(node.identifier)?.url ?? '';
      renderLink(url, { label: toString(node), context, writeLabel: renderChildren });
      return;
    }
    case 'image':
      renderLink(node.url, {
        label: node.alt ?? '',
        context,
        writeLabel: () => writer.write(node.alt ?? ''),
      });
      return;
    case 'imageReference': {
      const url = context.definitions.get(node.identifier)?.url ?? '';
      renderLink(url, { label: node.alt ?? '', context, writeLabel: () => writer.write(node.alt ?? '') });
      return;
    }
  }
}

/** A link where Telegram takes the URL, else the label with the URL after it. An empty label is replaced by the URL. */
function renderLink(
  url: string,
  {
    label,
    context: { writer },
    writeLabel,
  }: { readonly label: string; readonly context: RenderContext; readonly writeLabel: () => void },
): void {
  if (writer.isInLink) {
    writeLabel();
    return;
  }
  const accepted = linkUrl(url);
  const hasLabel = label.trim() !== '';
  const writeVisible = hasLabel ? writeLabel : () => writer.write(readableUrl(url));
  if (accepted !== undefined) {
    writer.within({ type: 'text_link', url: accepted }, writeVisible);
    return;
  }
  writeVisible();
  const isShown = !hasLabel || [label, `mailto:${label}`, `http://${label}`].includes(url);
  if (!isShown && url !== '') writer.write(` (${readableUrl(url)})`);
}
