import { el } from '../parts/dom.ts';

/** As many as theme.css has pairs `--avatar-N`. */
const COLOURS = 7;

/** @returns a round picture of one or two initials, in a colour that stays with the id. */
export function avatar(id: number, title: string): HTMLElement {
  return el(
    'span',
    { class: `avatar avatar-${Math.abs(id) % COLOURS}`, 'aria-hidden': 'true' },
    initials(title),
  );
}

/** @returns the first characters of the first two words, punctuation and signs aside; one of a name without spaces; '' of none. */
export function initials(title: string): string {
  return title
    .split(/\s+/)
    .map((word) => word.replace(/^[\p{P}\p{Sm}]+/u, ''))
    .map((word) => [...new Intl.Segmenter().segment(word)][0]?.segment ?? '')
    .filter((first) => first !== '')
    .slice(0, 2)
    .join('')
    .toUpperCase();
}
