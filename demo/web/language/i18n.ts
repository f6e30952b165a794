import { en, type Sentence } from './language-en.ts';
import { zh } from './language-zh.ts';
import { recall, remember } from '../parts/storage.ts';

export const LANGUAGES = {
  en: { name: 'English', tag: 'en' },
  zh: { name: '中文', tag: 'zh-Hans' },
} as const;
export type Language = keyof typeof LANGUAGES;

const SENTENCES: Record<Language, Record<Sentence, string>> = { en, zh };
const STORED_UNDER = 'language';

let current: Language = initialLanguage();
const listeners: (() => void)[] = [];

function initialLanguage(): Language {
  const stored = recall(STORED_UNDER);
  if (stored === 'en' || stored === 'zh') return stored;
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

export function language(): Language {
  return current;
}

/** @returns the BCP 47 tag of the page's language, for `lang`, `Intl` and the user's `language_code`. */
export function languageTag(): string {
  return LANGUAGES[current].tag;
}

/** @returns the sentence in the page's language with its `{values}` put in. */
export function t(sentence: Sentence, values: Record<string, string | number> = {}): string {
  return SENTENCES[current][sentence].replace(/\{(\w+)\}/g, (whole, name: string) =>
    name in values ? String(values[name]) : whole,
  );
}

/** Calls `listener` now and after each change of the language. */
export function onLanguage(listener: () => void): void {
  listeners.push(listener);
  listener();
}

/** Switches the page, and remembers it. */
export function setLanguage(next: Language): void {
  current = next;
  remember(STORED_UNDER, next);
  for (const listener of listeners) listener();
}

/**
 * Fills what index.html marks: `data-i18n` with text, `data-i18n-label` with an accessible name and tooltip,
 * `data-i18n-placeholder` with a placeholder.
 */
export function translateDocument(): void {
  document.documentElement.lang = languageTag();
  for (const element of document.querySelectorAll<HTMLElement>('[data-i18n]')) {
    element.textContent = t(sentenceOf(element.dataset.i18n));
  }
  for (const element of document.querySelectorAll<HTMLElement>('[data-i18n-label]')) {
    const label = t(sentenceOf(element.dataset.i18nLabel));
    element.setAttribute('aria-label', label);
    if (element instanceof HTMLButtonElement) element.title = label;
  }
  for (const element of document.querySelectorAll<HTMLTextAreaElement>('[data-i18n-placeholder]')) {
    element.placeholder = t(sentenceOf(element.dataset.i18nPlaceholder));
  }
}

function sentenceOf(key: string | undefined): Sentence {
  if (key === undefined || !Object.hasOwn(en, key)) throw new Error(`There is no sentence "${key ?? ''}"`);
  return key as Sentence;
}
