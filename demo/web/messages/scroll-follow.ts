import { t } from '../language/i18n.ts';

/** Closer to the end than this counts as being there, in CSS pixels. */
const NEAR_PX = 60;

/**
 * Keeps a growing log at its end while the reader is at the end, and otherwise leaves it alone: a button then counts what
 * arrived below and leads there.
 */
export class ScrollFollow {
  readonly #scroller: HTMLElement;
  readonly #button: HTMLButtonElement;
  readonly #count: HTMLElement;
  #isFollowing = true;
  #missed = 0;
  /** Where the reader was, in CSS pixels from the top. */
  #lastTop = 0;

  /** @param content what grows inside `scroller`. @param count the part of `button` that shows how much was missed. */
  constructor({
    scroller,
    content,
    button,
    count,
  }: {
    readonly scroller: HTMLElement;
    readonly content: HTMLElement;
    readonly button: HTMLButtonElement;
    readonly count: HTMLElement;
  }) {
    this.#scroller = scroller;
    this.#button = button;
    this.#count = count;
    scroller.addEventListener('scroll', () => this.#look(), { passive: true });
    button.addEventListener('click', () => {
      scroller.scrollTo({ top: scroller.scrollHeight, behavior: motion() });
    });
    // Runs after layout and before paint, so growing text never shows at the wrong place for a frame.
    const observer = new ResizeObserver(() => {
      if (this.#isFollowing) this.toEnd();
      else this.#look();
    });
    observer.observe(content);
    observer.observe(scroller);
  }

  get isFollowing(): boolean {
    return this.#isFollowing;
  }

  toEnd(): void {
    this.#isFollowing = true;
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#lastTop = this.#scroller.scrollTop;
    this.#show();
  }

  /** Counts a message that arrived while the reader was elsewhere. */
  countMissed(): void {
    if (this.#isFollowing) return;
    this.#missed++;
    this.#show();
  }

  /** Runs a change that adds content above, without moving what the reader looks at. */
  keepPlace(change: () => void): void {
    const fromEnd = this.#scroller.scrollHeight - this.#scroller.scrollTop;
    change();
    this.#scroller.scrollTop = this.#scroller.scrollHeight - fromEnd;
  }

  #look(): void {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    // A scroll event is told of a frame late: text that grew meanwhile is no sign that the reader left. Going up is.
    if (scrollHeight - scrollTop - clientHeight < NEAR_PX) this.#isFollowing = true;
    else if (scrollTop < this.#lastTop) this.#isFollowing = false;
    this.#lastTop = scrollTop;
    this.#show();
  }

  #show(): void {
    if (this.#isFollowing) this.#missed = 0;
    this.#button.hidden = this.#isFollowing;
    this.#count.hidden = this.#missed === 0;
    this.#count.textContent = String(this.#missed);
    const label = t('toBottom');
    const counted = this.#missed > 0 ? `${label}, ${t('unread', { count: this.#missed })}` : label;
    this.#button.setAttribute('aria-label', counted);
  }
}

/** @returns how to scroll over a distance, for this reader. */
export function motion(): ScrollBehavior {
  return matchMedia('(prefers-reduced-motion: reduce)').matches ? 'instant' : 'smooth';
}
