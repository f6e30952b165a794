import type { PageInfo } from '../../src/page/page-info.ts';
import { avatar } from './avatar.ts';
import type { ChatStore } from './chat-store.ts';
import type { Conversation } from './conversation.ts';
import { el, morphChildren, need } from '../parts/dom.ts';
import { t } from '../language/i18n.ts';

/** Draws the bar above the messages: whose chat it is, whether the bot types, and which model answers. */
export function drawHeader(
  store: ChatStore,
  open: Conversation | undefined,
  info: PageInfo | undefined,
): void {
  const chat = open && store.chats.get(open.chat_id);
  const isTopic = chat?.is_forum === true;
  const topicName = open && isTopic ? topicNameOf(store, open) : undefined;

  need('chat-header', HTMLElement).classList.toggle('blank', chat === undefined);
  need('chat-title', HTMLElement).textContent = topicName ?? chat?.title ?? '';
  const subtitle = el('p');
  if (open && store.isTyping(open)) subtitle.append(typingLabel());
  else if (chat) subtitle.append(isTopic ? chat.title : t(chat.type === 'private' ? 'bot' : 'group'));
  morphChildren(need('chat-subtitle', HTMLElement), subtitle);
  const picture = chat ? [avatar(open.thread_id ?? chat.id, topicName ?? chat.title)] : [];
  need('chat-avatar', HTMLElement).replaceChildren(...picture);
  need('chat-menu-button', HTMLButtonElement).hidden = chat === undefined;
  if (info) drawBadge(info);

  const unread = [...store.chats.values()]
    .flatMap((one) => store.conversationsOf(one))
    .reduce((sum, conversation) => sum + store.unread(conversation), 0);
  const name = topicName ?? chat?.title;
  document.title = `${unread > 0 ? `(${unread}) ` : ''}${name === undefined ? '' : `${name} · `}${t('app')}`;
}

/** @returns what the reader calls a conversation: its topic, or its chat. */
export function titleOf(store: ChatStore, conversation: Conversation): string {
  const chat = store.chats.get(conversation.chat_id);
  return (chat?.is_forum ? topicNameOf(store, conversation) : chat?.title) ?? '';
}

function topicNameOf(store: ChatStore, { chat_id, thread_id }: Conversation): string | undefined {
  if (thread_id === undefined) return t('general');
  return store.chats.get(chat_id)?.topics.find((topic) => topic.thread_id === thread_id)?.name;
}

function typingLabel(): HTMLElement {
  const dots = el('span', { class: 'dots', 'aria-hidden': 'true' }, el('i'), el('i'), el('i'));
  return el('span', { class: 'typing' }, t('typing'), dots);
}

function drawBadge({ model }: PageInfo): void {
  const badge = need('model-badge', HTMLButtonElement);
  const isDemo = model.kind === 'demo';
  badge.textContent = isDemo ? t('demo') : model.name;
  badge.title = t('about');
  badge.classList.toggle('demo', isDemo);
  badge.hidden = false;
}
