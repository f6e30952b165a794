import type { Message, PhotoSize } from 'grammy/types';
import { el } from '../parts/dom.ts';
import { fileSize } from './formats.ts';
import { t } from '../language/i18n.ts';

/** What a photo takes of the log at most, in CSS pixels. */
const MAX_WIDTH = 300;
const MAX_HEIGHT = 320;

/** Draws the photo of a message; a click opens it whole. */
export function photoView(
  message: Message,
  { width, height, file_size, file_unique_id }: PhotoSize,
): HTMLElement {
  const size = file_size === undefined ? '' : fileSize(file_size);
  const scale = Math.min(1, MAX_WIDTH / width, MAX_HEIGHT / height);
  // Known before the photo is there, so that the log does not jump.
  const shown = { width: Math.round(width * scale), height: Math.round(height * scale) };
  return pictureLink(message, {
    uniqueId: file_unique_id,
    label: t('photoLabel', { width, height, size }),
    image: el('img', shown),
  });
}

/** Draws a document that is a picture, above its name; its size in pixels is not known. */
export function previewView(message: Message, uniqueId: string, name: string): HTMLElement {
  return pictureLink(message, {
    uniqueId,
    label: t('preview', { name }),
    image: el('img', { class: 'preview-picture' }),
  });
}

function pictureLink(
  message: Message,
  {
    uniqueId,
    label,
    image,
  }: { readonly uniqueId: string; readonly label: string; readonly image: HTMLElement },
): HTMLElement {
  const { chat, message_id: id } = message;
  const address = `/page/chats/${chat.id}/messages/${id}/picture?file=${encodeURIComponent(uniqueId)}`;
  for (const [name, value] of Object.entries({ src: address, alt: label, loading: 'lazy' })) {
    image.setAttribute(name, value);
  }
  return el('a', { class: 'picture', href: address, target: '_blank', rel: 'noopener', title: label }, image);
}
