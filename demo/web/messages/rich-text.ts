import type { MessageEntity } from 'grammy/types';
import { el, icon } from '../parts/dom.ts';
import { type EntityNode, entityTree, treeText } from './entities.ts';
import { t } from '../language/i18n.ts';
import { safeLink } from './safe-link.ts';

const BLOCKS = new Set<MessageEntity['type']>(['pre', 'blockquote', 'expandable_blockquote']);

/**
 * Draws a message's text. What can be clicked carries `data-action` (`copy`, `copy-block`, `command`, `toggle`), which
 * message-actions.ts handles for the whole log: nodes then survive updates without listeners of their own.
 */
export function richText(text: string, entities: readonly MessageEntity[] = []): DocumentFragment {
  return draw(entityTree(text, entities));
}

function draw(nodes: readonly EntityNode[]): DocumentFragment {
  const fragment = document.createDocumentFragment();
  let isAfterBlock = false;
  for (const node of nodes) {
    if ('text' in node) {
      // A block ends its own line, so the line feed that follows it in the text would show as an empty line.
      const text = isAfterBlock && node.text.startsWith('\n') ? node.text.slice(1) : node.text;
      if (text !== '') fragment.append(text);
      isAfterBlock = false;
    } else {
      fragment.append(drawEntity(node.entity, node.children));
      isAfterBlock = BLOCKS.has(node.entity.type);
    }
  }
  return fragment;
}

function drawEntity(entity: MessageEntity, children: readonly EntityNode[]): HTMLElement {
  const inner = draw(children);
  switch (entity.type) {
    case 'bold':
      return el('strong', {}, inner);
    case 'italic':
      return el('em', {}, inner);
    case 'underline':
      return el('u', {}, inner);
    case 'strikethrough':
      return el('s', {}, inner);
    case 'spoiler':
      return el(
        'span',
        { class: 'spoiler', 'data-action': 'toggle', role: 'button', tabindex: 0 },
        el('span', { class: 'unseen' }, t('spoiler')),
        el('span', { class: 'secret', 'aria-hidden': 'true' }, inner),
      );
    case 'code':
      return el(
        'code',
        { class: 'copyable', 'data-action': 'copy', role: 'button', tabindex: 0, title: t('copy') },
        inner,
      );
    case 'pre':
      return codeBlock(entity.language, inner);
    case 'blockquote':
      return el('blockquote', {}, inner);
    case 'expandable_blockquote':
      return el('blockquote', { class: 'expandable', 'data-action': 'toggle', tabindex: 0 }, inner);
    case 'text_link':
      return link(safeLink(entity.url), inner);
    case 'url':
      return link(safeLink(treeText(children)), inner);
    case 'email':
      return link(safeLink(`mailto:${treeText(children)}`), inner);
    case 'bot_command':
      return el(
        'span',
        {
          class: 'link',
          'data-action': 'command',
          'data-command': treeText(children),
          role: 'button',
          tabindex: 0,
        },
        inner,
      );
    case 'mention':
    case 'text_mention':
    case 'hashtag':
    case 'cashtag':
      return el('span', { class: 'mention' }, inner);
    case 'phone_number':
    case 'custom_emoji':
    case 'date_time':
      return el('span', {}, inner);
    default:
      // The Bot API grows: an entity that is newer than this page keeps its text.
      return el('span', {}, inner);
  }
}

function link(href: string | undefined, inner: Node): HTMLElement {
  if (href === undefined) return el('span', {}, inner);
  return el('a', { href, target: '_blank', rel: 'noopener noreferrer' }, inner);
}

function codeBlock(language: string | undefined, inner: Node): HTMLElement {
  const copy = el(
    'button',
    {
      type: 'button',
      class: 'copy-block',
      'data-action': 'copy-block',
      'aria-label': t('copy'),
      title: t('copy'),
    },
    icon('copy'),
  );
  const head = el('div', { class: 'code-head' }, el('span', {}, language ?? t('code')), copy);
  return el('div', { class: 'code-block' }, head, el('pre', { tabindex: 0 }, el('code', {}, inner)));
}
