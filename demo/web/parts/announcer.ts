import { need } from './dom.ts';

/** An answer counts as finished when it has not grown for this long. */
const QUIET_MS = 1_500;

let waiting: ReturnType<typeof setTimeout> | undefined;

/**
 * Has screen readers speak a text politely once it stays as it is: an answer arrives as one message and many edits, of which
 * only the last is worth hearing.
 */
export function announce(text: string): void {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    need('announcer', HTMLElement).textContent = text;
  }, QUIET_MS);
}
