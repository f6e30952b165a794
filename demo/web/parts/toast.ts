import { need } from './dom.ts';

const SHOWN_MS = 4_000;

let hiding: ReturnType<typeof setTimeout> | undefined;

/** Shows a short notice for some seconds; screen readers speak it. */
export function toast(text: string): void {
  const element = need('toast', HTMLElement);
  element.textContent = text;
  element.classList.add('shown');
  clearTimeout(hiding);
  hiding = setTimeout(() => {
    element.classList.remove('shown');
    element.textContent = '';
  }, SHOWN_MS);
}
