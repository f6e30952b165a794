import type { Message } from 'grammy/types';
import { AttachmentBar } from './attachment-bar.ts';
import type { ChatStore } from '../chats/chat-store.ts';
import { CommandMenu } from './command-menu.ts';
import { type Conversation, conversationKey } from '../chats/conversation.ts';
import { need } from '../parts/dom.ts';
import { draft, keepDraft } from './drafts.ts';
import type { Dropped } from './file-drop.ts';
import { onLanguage, t } from '../language/i18n.ts';
import { nameOf, oneLine } from '../messages/message-view.ts';
import type { Draft } from './outbox.ts';
import type { Attached } from './upload.ts';

/** Telegram's limits for one message and for what stands below files, in code points. */
const MAX_CODE_POINTS = 4096;
const MAX_CAPTION_CODE_POINTS = 1024;
/** The counter shows when this many code points are left. */
const COUNTER_FROM = 500;

/** The message field of the open conversation, with its draft, its files, its reply and the command menu. */
export class Composer {
  readonly #form = need('composer', HTMLFormElement);
  readonly #field = need('text', HTMLTextAreaElement);
  readonly #counter = need('counter', HTMLOutputElement);
  readonly #send = need('send', HTMLButtonElement);
  readonly #replyBar = need('reply-bar', HTMLElement);
  readonly #menu: CommandMenu;
  readonly #files: AttachmentBar;
  readonly #onSend: (conversation: Conversation, draft: Draft) => void;
  readonly #store: ChatStore;
  readonly #replies = new Map<string, Message>();
  #conversation: Conversation | undefined;

  constructor(store: ChatStore, onSend: (conversation: Conversation, draft: Draft) => void) {
    this.#store = store;
    this.#onSend = onSend;
    this.#files = new AttachmentBar(MAX_CAPTION_CODE_POINTS, () => {
      this.#fit();
      this.focus();
    });
    this.#menu = new CommandMenu(need('command-menu', HTMLUListElement), this.#field, (command, isFinal) => {
      this.#write(isFinal ? command : `${command} `);
      if (isFinal) this.#submit();
    });
    this.#field.addEventListener('input', () => this.#changed());
    this.#field.addEventListener('keydown', (event) => this.#handleKey(event));
    this.#field.addEventListener('blur', () => this.#menu.close());
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
    const commandsButton = need('commands-button', HTMLButtonElement);
    commandsButton.addEventListener('pointerdown', (event) => event.preventDefault());
    commandsButton.addEventListener('click', () => {
      const wasOpen = this.#menu.isOpen;
      this.focus();
      if (wasOpen) this.#menu.close();
      else this.#menu.offer('/', this.#store.commands);
    });
    need('reply-cancel', HTMLButtonElement).addEventListener('click', () => {
      this.reply(undefined);
      this.focus();
    });
    onLanguage(() => this.#drawReply());
  }

  open(conversation: Conversation | undefined): void {
    this.#conversation = conversation;
    this.#form.hidden = conversation === undefined;
    this.#menu.close();
    this.#field.value = conversation ? draft(conversation) : '';
    this.#files.open(conversation);
    this.#fit();
    this.#drawReply();
  }

  focus(): void {
    this.#field.focus();
  }

  /** Takes files for the next message; without an open conversation, none. */
  attach({ files, hasFolder }: Dropped): void {
    if (!this.#conversation) return;
    this.#files.add(files);
    if (hasFolder) this.#files.refuse(t('isFolder'));
  }

  /** Puts a message in for editing; what was typed before stays below it. */
  prepend({ text, files }: { text: string; files: readonly Attached[] }): void {
    const typed = this.#field.value;
    this.#files.putBack(files);
    this.#write([text, typed].filter(Boolean).join('\n'));
    this.focus();
  }

  /** The next message answers this one; `undefined` takes it back. */
  reply(message: Message | undefined): void {
    if (!this.#conversation) return;
    const key = conversationKey(this.#conversation);
    if (message) this.#replies.set(key, message);
    else this.#replies.delete(key);
    this.#drawReply();
    if (message) this.focus();
  }

  /** @returns whether there was something for Escape to close. */
  closeInner(): boolean {
    if (this.#menu.isOpen) this.#menu.close();
    else if (!this.#replyBar.hidden) this.reply(undefined);
    else return false;
    return true;
  }

  #handleKey(event: KeyboardEvent): void {
    // While an input method composes, Enter and the arrows choose characters. Safari ends the composition before it
    // reports the Enter that ended it; only the old key code 229 still tells that one apart.
    // eslint-disable-next-line @typescript-eslint/no-deprecated
    if (event.isComposing || event.keyCode === 229) return;
    const isPlain = !event.shiftKey && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (isPlain && this.#menu.handleKey(event.key)) {
      event.preventDefault();
      event.stopPropagation();
    } else if (event.key === 'Enter' && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      this.#submit();
    }
  }

  #submit(): void {
    const text = this.#field.value.trim();
    if (!this.#conversation || !this.#canSend()) return;
    const replyTo = this.#replies.get(conversationKey(this.#conversation));
    const files = this.#files.take();
    this.#write('');
    this.reply(undefined);
    this.#onSend(this.#conversation, { text, files, replyTo });
  }

  #write(text: string): void {
    this.#field.value = text;
    this.#changed();
  }

  #changed(): void {
    if (!this.#conversation) return;
    keepDraft(this.#conversation, this.#field.value);
    this.#menu.offer(this.#field.value, this.#store.commands);
    this.#fit();
  }

  /** Code points above the limit; negative while there is room. */
  #excess(): number {
    const limit = this.#files.count > 0 ? MAX_CAPTION_CODE_POINTS : MAX_CODE_POINTS;
    return Array.from(this.#field.value.trim()).length - limit;
  }

  #canSend(): boolean {
    const isEmpty = this.#field.value.trim() === '' && this.#files.count === 0;
    return !isEmpty && this.#excess() <= 0;
  }

  /** Grows the field with its text (up to the CSS maximum) and judges whether it can be sent. */
  #fit(): void {
    this.#field.style.height = 'auto';
    this.#field.style.height = `${this.#field.scrollHeight}px`;
    const excess = this.#excess();
    this.#counter.hidden = excess < -COUNTER_FROM;
    this.#counter.value = String(-excess);
    this.#counter.classList.toggle('exceeded', excess > 0);
    this.#send.disabled = !this.#canSend();
  }

  #drawReply(): void {
    const message = this.#conversation && this.#replies.get(conversationKey(this.#conversation));
    this.#replyBar.hidden = message === undefined;
    if (!message) return;
    need('reply-name', HTMLElement).textContent = t('replyTo', { name: nameOf(message, this.#store.me?.id) });
    need('reply-text', HTMLElement).textContent = oneLine(message);
  }
}
