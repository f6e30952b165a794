import type { Message } from 'grammy/types';
import type { ChatStore } from './chat-store.ts';
import { CommandMenu } from './command-menu.ts';
import { type Conversation, conversationKey } from './conversation.ts';
import { need } from './dom.ts';
import { draft, keepDraft } from './drafts.ts';
import { onLanguage, t } from './i18n.ts';
import { nameOf, oneLine } from './message-view.ts';

/** Telegram's limit for one message, in code points. */
const MAX_CODE_POINTS = 4096;
/** The counter shows when this many code points are left. */
const COUNTER_FROM = 500;

/** The message field of the open conversation, with its draft, its reply and the command menu. */
export class Composer {
  readonly #form = need('composer', HTMLFormElement);
  readonly #field = need('text', HTMLTextAreaElement);
  readonly #counter = need('counter', HTMLOutputElement);
  readonly #send = need('send', HTMLButtonElement);
  readonly #replyBar = need('reply-bar', HTMLElement);
  readonly #menu: CommandMenu;
  readonly #onSend: (conversation: Conversation, text: string, replyTo?: Message) => void;
  readonly #store: ChatStore;
  readonly #replies = new Map<string, Message>();
  #conversation: Conversation | undefined;

  constructor(
    store: ChatStore,
    onSend: (conversation: Conversation, text: string, replyTo?: Message) => void,
  ) {
    this.#store = store;
    this.#onSend = onSend;
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
    this.#fit();
    this.#drawReply();
  }

  focus(): void {
    this.#field.focus();
  }

  /** Puts a text in for editing; what was typed before stays below it. */
  prepend(text: string): void {
    const typed = this.#field.value;
    this.#write(typed === '' ? text : `${text}\n${typed}`);
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
    if (!this.#conversation || text === '' || this.#excess() > 0) return;
    const replyTo = this.#replies.get(conversationKey(this.#conversation));
    this.#write('');
    this.reply(undefined);
    this.#onSend(this.#conversation, text, replyTo);
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
    return Array.from(this.#field.value.trim()).length - MAX_CODE_POINTS;
  }

  /** Grows the field with its text (up to the CSS maximum) and judges whether it can be sent. */
  #fit(): void {
    this.#field.style.height = 'auto';
    this.#field.style.height = `${this.#field.scrollHeight}px`;
    const excess = this.#excess();
    this.#counter.hidden = excess < -COUNTER_FROM;
    this.#counter.value = String(-excess);
    this.#counter.classList.toggle('exceeded', excess > 0);
    this.#send.disabled = this.#field.value.trim() === '' || excess > 0;
  }

  #drawReply(): void {
    const message = this.#conversation && this.#replies.get(conversationKey(this.#conversation));
    this.#replyBar.hidden = message === undefined;
    if (!message) return;
    need('reply-name', HTMLElement).textContent = t('replyTo', { name: nameOf(message, this.#store.me?.id) });
    need('reply-text', HTMLElement).textContent = oneLine(message);
  }
}
