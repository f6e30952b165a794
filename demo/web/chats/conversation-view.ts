import type { Message } from 'grammy/types';
import type { PageReaction } from '../../src/telegram/page-api.ts';
import { api, MESSAGES_PER_FETCH } from '../api.ts';
import { announce } from '../parts/announcer.ts';
import type { ChatStore } from './chat-store.ts';
import { type Conversation, conversationKey } from './conversation.ts';
import { need } from '../parts/dom.ts';
import { t } from '../language/i18n.ts';
import { MessageLog } from '../messages/message-log.ts';
import { nameOf, oneLine } from '../messages/message-view.ts';
import type { Outgoing } from '../composer/outbox.ts';
import { showPlaceholder } from '../messages/placeholder.ts';
import { motion, ScrollFollow } from '../messages/scroll-follow.ts';

/** Older messages are fetched when the reader comes this close to the first one, in CSS pixels. */
const FETCH_AHEAD_PX = 600;
const HIGHLIGHT_MS = 1_500;

/** The open conversation: what was fetched of it, kept up to date by events. */
export class ConversationView {
  readonly #store: ChatStore;
  readonly #onSuggestion: (text: string) => void;
  readonly #scroller = need('log', HTMLElement);
  readonly #log = new MessageLog(need('days', HTMLElement), need('outgoing', HTMLElement));
  readonly #follow = new ScrollFollow({
    scroller: this.#scroller,
    content: need('log-content', HTMLElement),
    button: need('to-bottom', HTMLButtonElement),
    count: need('missed', HTMLElement),
  });
  #open: Conversation | undefined;
  #hasOlder = false;
  #isFetching = false;
  #outgoingCount = 0;
  /** Messages that events told of while a fetch was under way: its answer may be older than they are. */
  readonly #touched = new Set<number>();
  /** The same of reactions. */
  readonly #reacted = new Set<number>();

  constructor(store: ChatStore, onSuggestion: (text: string) => void) {
    this.#store = store;
    this.#onSuggestion = onSuggestion;
    this.#scroller.addEventListener('scroll', () => {
      if (this.#scroller.scrollTop < FETCH_AHEAD_PX) void this.#fetchOlder();
    });
  }

  get conversation(): Conversation | undefined {
    return this.#open;
  }

  isOpen(conversation: Conversation): boolean {
    return this.#open !== undefined && conversationKey(this.#open) === conversationKey(conversation);
  }

  message(id: number): Message | undefined {
    return this.#log.message(id);
  }

  /** Shows a conversation, or nothing. @throws ApiError when it cannot be fetched. */
  async show(conversation: Conversation | undefined): Promise<void> {
    this.#open = conversation;
    this.#hasOlder = false;
    const chat = conversation && this.#store.chats.get(conversation.chat_id);
    this.#log.reset({ meId: this.#store.me?.id, isGroup: chat !== undefined && chat.type !== 'private' });
    showPlaceholder({ kind: 'none' });
    this.#follow.toEnd();
    if (conversation) await this.refresh();
  }

  /** Fetches the newest messages again, after events may have been missed. @throws ApiError */
  async refresh(): Promise<void> {
    const conversation = this.#open;
    if (!conversation) return;
    this.#touched.clear();
    this.#reacted.clear();
    const { messages, reactions } = await api.messages(conversation);
    if (!this.isOpen(conversation)) return;
    const fresh = messages.filter(({ message_id }) => !this.#touched.has(message_id));
    const oldest = messages[0]?.message_id ?? 0;
    const newestShown = this.#log.ids().at(-1) ?? 0;
    const hasGap = newestShown < oldest;
    const isKnown = new Set(messages.map(({ message_id }) => message_id));
    const gone = this.#log
      .ids()
      .filter((id) => (hasGap || id >= oldest) && !isKnown.has(id) && !this.#touched.has(id));
    if (hasGap || this.#log.size === gone.length) this.#hasOlder = messages.length === MESSAGES_PER_FETCH;
    this.#log.remove(gone);
    this.#log.put(fresh);
    this.#showReactions(messages, reactions);
    this.#drawPlaceholder();
  }

  /** Takes in a new message of this conversation. */
  receive(message: Message): void {
    this.#touched.add(message.message_id);
    const isNew = this.#log.message(message.message_id) === undefined;
    this.#log.put([message], true);
    this.#drawPlaceholder();
    if (message.from?.id === this.#store.me?.id) return;
    if (isNew) this.#follow.countMissed();
    announce(t('arrived', { name: nameOf(message), text: oneLine(message) }));
  }

  /** Takes in a newer text of a message; one that was never fetched stays unknown. */
  update(message: Message): void {
    this.#touched.add(message.message_id);
    if (this.#log.message(message.message_id)) this.receive(message);
  }

  /** Takes in the bot's reaction to a message of the chat. */
  react({ message_id, emoji }: PageReaction): void {
    this.#reacted.add(message_id);
    this.#log.react(message_id, emoji);
  }

  remove(messageId: number): void {
    this.#touched.add(messageId);
    this.#log.remove([messageId]);
    this.#drawPlaceholder();
  }

  clear(): void {
    this.#log.remove(this.#log.ids());
    this.#drawPlaceholder();
  }

  showOutgoing(items: readonly Outgoing[]): void {
    if (items.length > this.#outgoingCount) this.#follow.toEnd();
    this.#outgoingCount = items.length;
    this.#log.showOutgoing(items);
    this.#drawPlaceholder();
  }

  /** Draws everything again, after the language changed. */
  redraw(): void {
    this.#log.redraw();
    this.#drawPlaceholder();
  }

  /** Brings a message into view and marks it; fetches back to it when it is older. @throws ApiError */
  async scrollTo(id: number): Promise<void> {
    while (!this.#log.view(id) && this.#hasOlder) await this.#fetchOlder();
    const view = this.#log.view(id);
    if (!view) return;
    view.scrollIntoView({ block: 'center', behavior: motion() });
    view.focus({ preventScroll: true });
    view.classList.add('highlighted');
    setTimeout(() => view.classList.remove('highlighted'), HIGHLIGHT_MS);
  }

  async #fetchOlder(): Promise<void> {
    const conversation = this.#open;
    const before = this.#log.ids()[0];
    if (!conversation || before === undefined || !this.#hasOlder || this.#isFetching) return;
    this.#isFetching = true;
    try {
      const { messages, reactions } = await api.messages(conversation, before);
      if (!this.isOpen(conversation)) return;
      this.#hasOlder = messages.length === MESSAGES_PER_FETCH;
      this.#follow.keepPlace(() => {
        this.#log.put(messages);
        this.#showReactions(messages, reactions);
      });
    } finally {
      this.#isFetching = false;
    }
  }

  #showReactions(messages: readonly Message[], reactions: readonly PageReaction[]): void {
    const emoji = new Map(reactions.map((reaction) => [reaction.message_id, reaction.emoji]));
    for (const { message_id: id } of messages) {
      if (!this.#reacted.has(id)) this.#log.react(id, emoji.get(id) ?? null);
    }
  }

  #drawPlaceholder(): void {
    const isEmpty = this.#open !== undefined && this.#log.size === 0 && this.#outgoingCount === 0;
    showPlaceholder(isEmpty ? { kind: 'empty', onSuggestion: this.#onSuggestion } : { kind: 'none' });
  }
}
