import type { Message } from 'grammy/types';
import { documentView, shortenable } from './document-view.ts';
import { el, icon } from '../parts/dom.ts';
import { clockTime, fileSize, fullTime, shownName } from './formats.ts';
import { t } from '../language/i18n.ts';
import type { Outgoing } from '../composer/outbox.ts';
import { photoView } from './photo-view.ts';
import { richText } from './rich-text.ts';

/** The bot puts it on a message that it takes up later. */
const WAITING = '👀';

/** What a view must know besides the message. */
export interface Reader {
  meId: number | undefined;
  /** Several may write here, so names are shown. */
  isGroup: boolean;
}

/**
 * Draws one message of the log, with the emoji that the bot put on it. It holds no listeners (see message-actions.ts), so a
 * newer view of the same message can be morphed into it.
 */
export function messageView(message: Message, reader: Reader, reaction?: string): HTMLElement {
  const service = serviceText(message);
  if (service !== undefined) {
    return el('div', { class: 'service', 'data-id': message.message_id }, el('span', {}, service));
  }
  const isOwn = message.from?.id === reader.meId;
  const bubble = el('div', { class: 'bubble' });
  if (reader.isGroup && !isOwn) bubble.append(el('div', { class: 'sender' }, nameOf(message)));
  if (message.reply_to_message && !isTopicRoot(message))
    bubble.append(quote(message.reply_to_message, reader.meId));
  const last = meta(message, isOwn);
  const photo = message.photo?.at(-1);
  if (photo) bubble.append(photoView(message, photo));
  if (message.document) bubble.append(...documentView(message, message.document));
  bubble.append(...content(message), reaction === undefined ? last : reactionRow(reaction, last));
  return el(
    'article',
    {
      class: `message ${isOwn ? 'own' : 'other'}`,
      'data-id': message.message_id,
      'data-from': message.from?.id,
      'aria-label': `${nameOf(message, reader.meId)}, ${clockTime(message.date)}`,
      tabindex: -1,
    },
    bubble,
    actions(),
  );
}

/** Draws a message of one's own that is under way or could not be sent. */
export function outgoingView(item: Outgoing, reader: Reader): HTMLElement {
  const bubble = el('div', { class: 'bubble' });
  if (item.replyTo) bubble.append(quote(item.replyTo, reader.meId));
  bubble.append(
    ...item.files.map(({ file }) => outgoingFile(file)),
    ...(item.text === '' ? [] : [el('div', { class: 'text', dir: 'auto' }, item.text)]),
    ...(item.progress === undefined ? [] : [progress(item.progress)]),
    el('span', { class: 'meta' }, ...(item.failure ? [] : [icon('clock')])),
  );
  const view = el('article', { class: 'message own last', 'data-outgoing': item.id }, bubble);
  if (item.failure === undefined) bubble.setAttribute('aria-label', t('sending'));
  else view.append(failure(item.failure));
  return view;
}

/** @returns the text of a message on one line, for previews and quotes; '' when it has none. */
export function oneLine(message: Message): string {
  const file = message.document
    ? `📎 ${shownName(message.document.file_name ?? t('file'))}`
    : message.photo && `🖼 ${message.caption ?? t('photo')}`;
  const text = serviceText(message) ?? file ?? message.text ?? message.caption ?? t('unsupported');
  return text.replace(/\s+/g, ' ').trim();
}

/** @returns who wrote a message; "You" in the page's language for its reader. */
export function nameOf(message: Message, meId?: number): string {
  const { from } = message;
  if (from && from.id === meId) return t('you');
  return from ? [from.first_name, from.last_name].filter(Boolean).join(' ') : '';
}

function serviceText(message: Message): string | undefined {
  if (message.forum_topic_created) return t('topicCreated', { name: message.forum_topic_created.name });
  if (message.forum_topic_edited?.name) return t('topicRenamed', { name: message.forum_topic_edited.name });
  if (message.group_chat_created || message.supergroup_chat_created) return t('groupCreated');
  if (message.new_chat_members) {
    const names = message.new_chat_members.map((user) => user.first_name).join(', ');
    return t('membersJoined', { names });
  }
  return undefined;
}

/** Every message of a real topic replies to the topic's first one without anyone having pressed Reply. */
function isTopicRoot(message: Message): boolean {
  return message.reply_to_message?.forum_topic_created !== undefined;
}

function quote(message: Message, meId: number | undefined): HTMLElement {
  return el(
    'button',
    { type: 'button', class: 'quote', 'data-action': 'quote', 'data-target': message.message_id },
    el('span', { class: 'quote-name' }, nameOf(message, meId)),
    el('span', { class: 'quote-text' }, oneLine(message)),
  );
}

/** @returns the text of a message, or of what stands below its file. */
function content(message: Message): HTMLElement[] {
  const text = message.text ?? message.caption;
  if (text === undefined) {
    return message.document || message.photo
      ? []
      : [el('div', { class: 'text unsupported' }, t('unsupported'))];
  }
  const entities = message.entities ?? message.caption_entities;
  return [el('div', { class: 'text', dir: 'auto' }, richText(text, entities))];
}

function meta(message: Message, isOwn: boolean): HTMLElement {
  const time = el('time', { title: fullTime(message.date) }, clockTime(message.date));
  const sent = el('span', { class: 'sent', role: 'img', 'aria-label': t('sent') }, icon('sent'));
  return el(
    'span',
    { class: 'meta' },
    ...(message.edit_date === undefined ? [] : [`${t('edited')} `]),
    time,
    ...(isOwn ? [sent] : []),
  );
}

/** @param last shares the row with the reaction, as the end of the message. */
function reactionRow(emoji: string, last: HTMLElement): HTMLElement {
  const label = emoji === WAITING ? t('waits') : t('reacted', { emoji });
  const pill = el('span', { class: 'reaction', role: 'img', 'aria-label': label, title: label }, emoji);
  return el('div', { class: 'reactions' }, pill, last);
}

/** Out of the tab order (there is one pair for each message): the keys `r` and `c` do the same. */
function actions(): HTMLElement {
  const button = (action: string, label: string): HTMLElement =>
    el(
      'button',
      { type: 'button', tabindex: -1, 'data-action': action, 'aria-label': label, title: label },
      icon(action === 'reply' ? 'reply' : 'copy'),
    );
  return el(
    'div',
    { class: 'actions' },
    button('reply', `${t('reply')} (R)`),
    button('copy-message', `${t('copy')} (C)`),
  );
}

function outgoingFile(file: File): HTMLElement {
  return el(
    'div',
    { class: 'document' },
    el('span', { class: 'document-icon' }, icon('file')),
    el('span', { class: 'document-name', dir: 'auto' }, ...shortenable(shownName(file.name))),
    el('span', { class: 'document-size' }, fileSize(file.size)),
  );
}

function progress(part: number): HTMLElement {
  const percent = Math.floor(part * 100);
  return el(
    'div',
    { class: 'progress' },
    el('progress', { max: 100, value: percent, 'aria-label': t('uploading', { percent }) }),
    el('span', {}, `${percent} %`),
    el('button', { type: 'button', class: 'link', 'data-action': 'edit-again' }, t('cancel')),
  );
}

function failure(reason: string): HTMLElement {
  const button = (action: string, label: string): HTMLElement =>
    el('button', { type: 'button', class: 'link', 'data-action': action }, label);
  return el(
    'div',
    { class: 'failure', role: 'alert' },
    el('span', {}, t('notSent', { reason })),
    button('retry', t('retry')),
    button('edit-again', t('editAgain')),
  );
}
