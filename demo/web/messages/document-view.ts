import type { Document, Message } from 'grammy/types';
import { el, icon } from '../parts/dom.ts';
import { fileSize, shownName } from './formats.ts';
import { t } from '../language/i18n.ts';
import { isPicture } from '../composer/photo.ts';
import { previewView } from './photo-view.ts';

/** Draws the file of a message as a link that saves it, below what it looks like if it is a picture. */
export function documentView(message: Message, document: Document): HTMLElement[] {
  const name = shownName(document.file_name ?? t('file'));
  const size = document.file_size === undefined ? '' : fileSize(document.file_size);
  const link = el(
    'a',
    {
      class: 'document',
      href: `/page/chats/${message.chat.id}/messages/${message.message_id}/document`,
      download: name,
      'aria-label': t('download', { name, size }),
      title: name,
    },
    el('span', { class: 'document-icon' }, icon('download')),
    el('span', { class: 'document-name', dir: 'auto' }, ...shortenable(name)),
    el('span', { class: 'document-size' }, size),
  );
  if (!isPicture(document.mime_type, document.file_size)) return [link];
  return [previewView(message, document.file_unique_id, name), link];
}

/** So many characters at the end of a name stay in view: the type of the file, and what tells it from its like. */
const TAIL_LENGTH = 12;

/** @returns a name that a narrow place cuts in its middle. */
export function shortenable(name: string): HTMLElement[] {
  const characters = Array.from(name);
  const head = characters.slice(0, -TAIL_LENGTH).join('');
  const tail = characters.slice(-TAIL_LENGTH).join('');
  return [el('span', { class: 'document-head' }, head), el('span', {}, tail)];
}
