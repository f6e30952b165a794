import type { PageEventName, PageEvents } from './page-api.ts';

/** A reader that is this many events behind is cut off; its page connects again and reads the state anew. */
const MAX_EVENTS_BEHIND = 1000;

export interface PageEvent {
  /** Counted from 1 since the stand-in was opened. */
  id: number;
  name: PageEventName;
  /** JSON of the name's type in `PageEvents`. */
  data: string;
}

/** One open page. Reads one event at a time; holds what it has not read yet, up to a bound. */
export class PageEventReader {
  readonly #onClose: () => void;
  #events: PageEvent[] = [];
  #wake: (() => void) | undefined;
  #isClosed = false;

  constructor(onClose: () => void) {
    this.#onClose = onClose;
  }

  /**
   * @param silenceMs how long to wait, in ms.
   * @returns the next event, `silence` when none came in that time, or `closed`.
   */
  async next(silenceMs: number): Promise<PageEvent | 'silence' | 'closed'> {
    if (this.#events.length === 0 && !this.#isClosed) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, silenceMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = undefined;
    }
    if (this.#isClosed) return 'closed';
    return this.#events.shift() ?? 'silence';
  }

  push(event: PageEvent): void {
    if (this.#events.length >= MAX_EVENTS_BEHIND) {
      this.close();
      return;
    }
    this.#events.push(event);
    this.#wake?.();
  }

  /** Forgets what was not read. May be called again. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#events = [];
    this.#wake?.();
    this.#onClose();
  }
}

/** Hands every event to every open page. */
export class PageEventHub {
  readonly #readers = new Set<PageEventReader>();
  #lastId = 0;
  #isClosed = false;

  /** How many pages are open. */
  get readerCount(): number {
    return this.#readers.size;
  }

  open(): PageEventReader {
    const reader = new PageEventReader(() => {
      this.#readers.delete(reader);
    });
    this.#readers.add(reader);
    if (this.#isClosed) reader.close();
    return reader;
  }

  publish<Name extends PageEventName>(name: Name, data: PageEvents[Name]): void {
    this.#lastId += 1;
    const event = { id: this.#lastId, name, data: JSON.stringify(data) };
    for (const reader of [...this.#readers]) reader.push(event);
  }

  /** Closes every page's stream, and at once those opened later. */
  close(): void {
    this.#isClosed = true;
    for (const reader of [...this.#readers]) reader.close();
  }
}
