import type { Message } from 'grammy/types';
import { el, morphChildren } from '../parts/dom.ts';
import { dayOf, dayTitle } from './formats.ts';
import { messageView, outgoingView, type Reader } from './message-view.ts';
import type { Outgoing } from '../composer/outbox.ts';

/** Messages of one sender that lie no further apart make one group, whose last bubble has the tail. */
const GROUP_GAP_SECONDS = 600;

/** The messages on screen, in order of their ids under the headings of their days. */
export class MessageLog {
  readonly #days: HTMLElement;
  readonly #outgoing: HTMLElement;
  readonly #messages = new Map<number, { message: Message; view: HTMLElement }>();
  /** By message id, also of messages that are not on screen (yet). */
  readonly #reactions = new Map<number, string>();
  #reader: Reader = { meId: undefined, isGroup: false };

  constructor(days: HTMLElement, outgoing: HTMLElement) {
    this.#days = days;
    this.#outgoing = outgoing;
  }

  get size(): number {
    return this.#messages.size;
  }

  /** In order, oldest first. */
  ids(): number[] {
    return [...this.#messages.keys()].toSorted((a, b) => a - b);
  }

  message(id: number): Message | undefined {
    return this.#messages.get(id)?.message;
  }

  view(id: number): HTMLElement | undefined {
    return this.#messages.get(id)?.view;
  }

  reset(reader: Reader): void {
    this.#reader = reader;
    this.#messages.clear();
    this.#reactions.clear();
    this.#days.replaceChildren();
  }

  /** Draws everything again, after the language changed. */
  redraw(): void {
    const messages = this.ids().map((id) => this.message(id));
    const reactions = [...this.#reactions];
    this.reset(this.#reader);
    for (const [id, emoji] of reactions) this.#reactions.set(id, emoji);
    this.put(messages.filter((message) => message !== undefined));
  }

  /** Adds messages, or updates those already there in place. `isArrival`: they may move in. */
  put(messages: readonly Message[], isArrival = false): void {
    for (const message of messages) {
      const view = messageView(message, this.#reader, this.#reactions.get(message.message_id));
      const shown = this.#messages.get(message.message_id);
      if (shown) {
        morphChildren(shown.view, view);
        shown.message = message;
      } else {
        if (isArrival) view.classList.add('arriving');
        this.#messages.set(message.message_id, { message, view });
        this.#insert(message, view);
      }
    }
    this.#group();
  }

  /** Shows the bot's reaction to a message; null takes it off. */
  react(id: number, emoji: string | null): void {
    if (emoji === (this.#reactions.get(id) ?? null)) return;
    if (emoji === null) this.#reactions.delete(id);
    else this.#reactions.set(id, emoji);
    const message = this.message(id);
    if (message) this.put([message]);
  }

  remove(ids: Iterable<number>): void {
    for (const id of ids) {
      const view = this.view(id);
      const day = view?.parentElement;
      view?.remove();
      if (day?.querySelector('[data-id]') === null) day.remove();
      this.#messages.delete(id);
      this.#reactions.delete(id);
    }
    this.#group();
  }

  /** Shows what waits to be sent below the messages. */
  showOutgoing(items: readonly Outgoing[]): void {
    const next = el('div', {}, ...items.map((item) => outgoingView(item, this.#reader)));
    morphChildren(this.#outgoing, next);
  }

  #insert(message: Message, view: HTMLElement): void {
    const day = this.#day(message.date);
    const later = [...day.children].find(
      (other) => Number((other as HTMLElement).dataset.id) > message.message_id,
    );
    day.insertBefore(view, later ?? null);
  }

  #day(date: number): HTMLElement {
    const name = dayOf(date);
    const days = [...this.#days.children] as HTMLElement[];
    const existing = days.find((day) => day.dataset.day === name);
    if (existing) return existing;
    const heading = el('h3', { class: 'day-title' }, el('span', {}, dayTitle(date)));
    const day = el('section', { class: 'day', 'data-day': name }, heading);
    this.#days.insertBefore(day, days.find((other) => (other.dataset.day ?? '') > name) ?? null);
    return day;
  }

  #group(): void {
    let previous: { message: Message; view: HTMLElement } | undefined;
    for (const id of this.ids()) {
      const current = this.#messages.get(id);
      if (!current) continue;
      const continues = previous !== undefined && belongTogether(previous, current);
      current.view.classList.toggle('first', !continues);
      previous?.view.classList.toggle('last', !continues);
      previous = current;
    }
    previous?.view.classList.add('last');
  }
}

interface Shown {
  message: Message;
  view: HTMLElement;
}

function belongTogether(a: Shown, b: Shown): boolean {
  const isService = a.view.classList.contains('service') || b.view.classList.contains('service');
  return (
    !isService &&
    a.message.from?.id === b.message.from?.id &&
    a.view.parentElement === b.view.parentElement &&
    b.message.date - a.message.date <= GROUP_GAP_SECONDS
  );
}
