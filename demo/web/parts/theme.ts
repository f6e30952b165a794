import { recall, remember } from './storage.ts';

export const THEMES = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const STORED_UNDER = 'theme';

/** @returns the reader's choice; `auto` follows the system. */
export function theme(): Theme {
  const stored = recall(STORED_UNDER);
  return THEMES.find((known) => known === stored) ?? 'auto';
}

/** Shows a theme, and remembers it. */
export function setTheme(next: Theme): void {
  remember(STORED_UNDER, next);
  applyTheme();
}

/** theme.css turns the attribute into `color-scheme`, on which every colour depends. */
export function applyTheme(): void {
  document.documentElement.dataset.theme = theme();
}
