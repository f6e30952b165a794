import type { PageChat } from '../../src/telegram/page-api.ts';
import { avatar } from './avatar.ts';
import type { ChatStore } from './chat-store.ts';
import { type Conversation, conversationKey } from './conversation.ts';
import { el, icon, need } from '../parts/dom.ts';
import { listTime } from '../messages/formats.ts';
import { t } from '../language/i18n.ts';
import { nameOf, oneLine } from '../messages/message-view.ts';
import { hashOf } from './router.ts';

const list = need('chat-list', HTMLUListElement);

/** Draws the left column: all chats, or the topics of the forum that is open. Called after every change. */
export function drawChatList(
  store: ChatStore,
  forum: PageChat | undefined,
  open: Conversation | undefined,
): void {
  const rows = forum
    ? topicRows(store, forum, open)
    : store.listed().map((chat) => chatRow(store, chat, open));
  const focused = list.contains(document.activeElement)
    ? document.activeElement?.getAttribute('href')
    : undefined;
  list.replaceChildren(...rows.map((row) => el('li', {}, row)));
  if (focused) rows.find((row) => row.getAttribute('href') === focused)?.focus({ preventScroll: true });

  need('list-title', HTMLElement).textContent = forum ? forum.title : t('app');
  need('list-back', HTMLButtonElement).hidden = forum === undefined;
  need('menu-button', HTMLButtonElement).hidden = forum !== undefined;
  const newButton = need('list-new', HTMLButtonElement);
  newButton.title = forum ? t('newTopic') : t('newChat');
  newButton.setAttribute('aria-label', newButton.title);
  list.setAttribute('aria-label', forum ? t('topics', { title: forum.title }) : t('chats'));
}

/** Arrow keys, Home and End move through the list; Enter is the link's own. */
export function handleListKeys(): void {
  list.addEventListener('keydown', (event) => {
    const rows = [...list.querySelectorAll('a')];
    const index = rows.findIndex((row) => row === document.activeElement);
    const targets: Record<string, number> = {
      ArrowDown: Math.min(index + 1, rows.length - 1),
      ArrowUp: Math.max(index - 1, 0),
      Home: 0,
      End: rows.length - 1,
    };
    const target = targets[event.key];
    if (target === undefined) return;
    rows[target]?.focus();
    event.preventDefault();
  });
}

/** Moves the focus to the open chat's row, or to the first. */
export function focusList(): void {
  (list.querySelector<HTMLElement>('[aria-current]') ?? list.querySelector('a'))?.focus();
}

function chatRow(store: ChatStore, chat: PageChat, open: Conversation | undefined): HTMLElement {
  const conversations = store.conversationsOf(chat);
  return row(store, {
    href: chat.is_forum ? `#${chat.id}` : hashOf(chat.id),
    picture: avatar(chat.id, chat.title),
    title: chat.title,
    conversations,
    isOpen: open?.chat_id === chat.id,
    isGroup: chat.type !== 'private',
    isForum: chat.is_forum,
  });
}

function topicRows(store: ChatStore, forum: PageChat, open: Conversation | undefined): HTMLElement[] {
  const names = new Map(forum.topics.map((topic) => [topic.thread_id, topic.name]));
  return store.conversationsOf(forum).map((conversation) => {
    const { thread_id } = conversation;
    const title = thread_id === undefined ? t('general') : (names.get(thread_id) ?? '');
    return row(store, {
      href: hashOf(forum.id, thread_id),
      picture:
        thread_id === undefined
          ? el('span', { class: 'avatar avatar-general' }, icon('forum'))
          : avatar(thread_id, title),
      title,
      conversations: [conversation],
      isOpen: open !== undefined && conversationKey(open) === conversationKey(conversation),
      isGroup: true,
      isForum: false,
    });
  });
}

interface Row {
  href: string;
  picture: HTMLElement;
  title: string;
  conversations: Conversation[];
  isOpen: boolean;
  isGroup: boolean;
  isForum: boolean;
}

function row(store: ChatStore, entry: Row): HTMLElement {
  const newest = store.newestOf(entry.conversations);
  const unread = entry.conversations.reduce((sum, conversation) => sum + store.unread(conversation), 0);
  const isTyping = entry.conversations.some((conversation) => store.isTyping(conversation));

  const preview = el('span', { class: 'preview' });
  if (isTyping) preview.append(el('span', { class: 'typing' }, `${t('typing')}…`));
  else if (newest) {
    const author = nameOf(newest, store.me?.id);
    const isNamed = !newest.forum_topic_created && (entry.isGroup || newest.from?.id === store.me?.id);
    if (isNamed) preview.append(el('span', { class: 'author' }, `${author}: `));
    preview.append(oneLine(newest));
  } else preview.append(t('noMessages'));

  const title = el('span', { class: 'row-title' }, entry.title);
  if (entry.isForum) title.prepend(icon('forum'));
  const count = el('span', { class: 'count', 'aria-label': t('unread', { count: unread }) }, String(unread));
  return el(
    'a',
    { class: 'row', href: entry.href, 'aria-current': entry.isOpen ? 'true' : undefined },
    entry.picture,
    title,
    el('time', {}, newest ? listTime(newest.date) : ''),
    preview,
    ...(unread > 0 ? [count] : []),
  );
}
