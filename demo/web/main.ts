// address → open conversation → log · composer · header · list; event stream → chat store → the same four
import type { Message } from 'grammy/types';
import type { PageInfo } from '../src/page/page-info.ts';
import type { PageChat } from '../src/telegram/page-api.ts';
import { api } from './api.ts';
import { attempt } from './attempt.ts';
import { clearHistory, createChat, createTopic } from './chats/chat-commands.ts';
import { drawHeader } from './chats/chat-header.ts';
import { drawChatList, focusList, handleListKeys } from './chats/chat-list.ts';
import { ChatStore } from './chats/chat-store.ts';
import { Composer } from './composer/composer.ts';
import { ConversationView } from './chats/conversation-view.ts';
import { showAbout } from './chats/dialogs.ts';
import { need } from './parts/dom.ts';
import { eventHandlers } from './event-handlers.ts';
import { handleFileDrop } from './composer/file-drop.ts';
import { language, onLanguage, t, translateDocument } from './language/i18n.ts';
import { followEvents } from './live-events.ts';
import { setUpChatMenu, setUpMainMenu } from './parts/menus.ts';
import { handleMessageActions } from './messages/message-actions.ts';
import { Outbox } from './composer/outbox.ts';
import { showPlaceholder } from './messages/placeholder.ts';
import { currentRoute, go, hashOf, onRoute } from './chats/router.ts';
import { applyTheme } from './parts/theme.ts';

const PHONE = matchMedia('(max-width: 720px)');

const store = new ChatStore();
const outbox = new Outbox(takeSent, showOutgoing);
const view = new ConversationView(store, send);
const handlers = eventHandlers(store, view, outbox);
const composer = new Composer(store, (conversation, draft) => outbox.send(conversation, draft));
let info: PageInfo | undefined;

function send(text: string): void {
  if (view.conversation) outbox.send(view.conversation, { text, files: [] });
}

function takeSent(message: Message): void {
  handlers.message(message);
  // With one's first message in another language the server offers the commands in that language.
  if (store.me?.language_code !== language()) attempt(async () => store.load(await api.state()));
}

function openForum(): PageChat | undefined {
  const route = currentRoute();
  const chat = route && store.chats.get(route.chat_id);
  return chat?.is_forum ? chat : undefined;
}

function draw(): void {
  drawChatList(store, openForum(), view.conversation);
  drawHeader(store, view.conversation, info);
}

function showOutgoing(): void {
  view.showOutgoing(view.conversation ? outbox.waiting(view.conversation) : []);
}

function showHint(): void {
  if (!view.conversation) {
    showPlaceholder({ kind: 'hint', sentence: openForum() ? 'chooseTopic' : 'chooseChat' });
  }
}

async function followRoute(): Promise<void> {
  const route = currentRoute();
  const chat = route && store.chats.get(route.chat_id);
  const isOnlyList = !chat || (chat.is_forum && route.thread === undefined);
  const next = isOnlyList
    ? undefined
    : store.conversationAt(chat.id, route.thread === 0 ? undefined : route.thread);
  document.body.dataset.view = next ? 'chat' : 'list';
  composer.open(next);
  const shown = view.show(next);
  showOutgoing();
  showHint();
  if (next) store.markRead(next);
  draw();
  // On a phone focus would raise the keyboard over what one came to read.
  if (next && !PHONE.matches) composer.focus();
  await shown;
}

/** Fetches what events do not tell. `isAgain`: the connection was lost meanwhile. */
async function load(isAgain: boolean): Promise<void> {
  const state = await api.state();
  store.load(state);
  if (isAgain) await view.refresh();
  else {
    const first = store.listed().find((chat) => !chat.is_forum);
    if (!currentRoute() && first && !PHONE.matches) go(hashOf(first.id), { replace: true });
    else await followRoute();
  }
  await loadTopicPreviews();
}

/** The state has only the newest message of a whole forum. */
async function loadTopicPreviews(): Promise<void> {
  const forums = [...store.chats.values()].filter((chat) => chat.is_forum);
  const topics = forums.flatMap((chat) => store.conversationsOf(chat));
  const newest = await Promise.all(topics.map((topic) => api.newest(topic)));
  for (const message of newest) if (message) store.putMessage(message);
}

function about(): void {
  if (info) void showAbout(info);
}

function goBack(): void {
  const forum = openForum();
  go(view.conversation && forum ? `#${forum.id}` : '#');
}

function newTopicOrChat(): void {
  const forum = openForum();
  if (forum) createTopic(store, forum);
  else createChat(store);
}

function listenToReader(): void {
  need('skip', HTMLButtonElement).addEventListener('click', () => composer.focus());
  need('banner-how', HTMLButtonElement).addEventListener('click', about);
  need('model-badge', HTMLButtonElement).addEventListener('click', about);
  need('list-new', HTMLButtonElement).addEventListener('click', newTopicOrChat);
  need('list-back', HTMLButtonElement).addEventListener('click', () => go('#'));
  need('chat-back', HTMLButtonElement).addEventListener('click', goBack);
  handleListKeys();
  handleFileDrop(
    () => view.conversation !== undefined && !document.querySelector('dialog[open]'),
    (dropped) => composer.attach(dropped),
  );
  handleMessageActions(need('log', HTMLElement), {
    reply: (id) => composer.reply(view.message(id)),
    scrollTo: (id) => attempt(() => view.scrollTo(id)),
    command: send,
    retry: (id) => outbox.retry(id),
    editAgain: (id) => {
      const item = outbox.withdraw(id);
      if (item) composer.prepend(item);
    },
    textOf: (id) => view.message(id)?.text ?? view.message(id)?.caption ?? '',
  });
  setUpMainMenu(
    () => info,
    [
      { label: 'newChat', icon: 'new', run: () => createChat(store) },
      { label: 'about', icon: 'info', run: about },
    ],
  );
  setUpChatMenu([
    { label: 'newTopic', icon: 'plus', run: newTopicOrChat, isShown: () => openForum() !== undefined },
    { label: 'about', icon: 'info', run: about },
    {
      label: 'clear',
      icon: 'trash',
      run: () => view.conversation && clearHistory(store, view.conversation),
      isDanger: true,
    },
  ]);
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || event.isComposing || document.querySelector('dialog, :popover-open'))
      return;
    if (composer.closeInner()) return;
    if (PHONE.matches) goBack();
    else focusList();
  });
  window.addEventListener('online', () => outbox.resume());
  need('chat-list', HTMLUListElement).addEventListener('click', (event) => {
    // The row of the open chat leads nowhere new: whoever chose it wants to write.
    const isOpen = (event.target as Element).closest('[aria-current]') !== null;
    if (isOpen && !PHONE.matches) need('text', HTMLTextAreaElement).focus();
  });
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden && view.conversation) store.markRead(view.conversation);
  });
}

function setOffline(isOffline: boolean): void {
  const notice = need('offline', HTMLElement);
  notice.hidden = !isOffline;
  notice.textContent = isOffline ? t('offline') : '';
}

applyTheme();
listenToReader();
store.onChange(draw);
onRoute(() => attempt(followRoute));
onLanguage(() => {
  translateDocument();
  view.redraw();
  showOutgoing();
  showHint();
  draw();
});
followEvents({
  connected: (isAgain) => {
    setOffline(false);
    attempt(() => load(isAgain));
    outbox.resume();
  },
  lost: () => setOffline(true),
  event: (name, data) => handlers[name](data),
});
attempt(async () => {
  info = await api.info();
  need('banner', HTMLElement).hidden = info.model.kind !== 'demo';
  draw();
});
