import { el } from './dom.ts';

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

/** @returns the first character of the first two words; one character of a name without spaces. */
export function initials(title: string): string {
  const words = title.split(/\s+/).filter((word) => word !== '');
  return words
    .slice(0, 2)
    .map((word) => [...new Intl.Segmenter().segment(word)][0]?.segment ?? '')
    .join('')
    .toUpperCase();
}
