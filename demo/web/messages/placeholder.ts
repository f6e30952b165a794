import { el, icon, need } from '../parts/dom.ts';
import { t } from '../language/i18n.ts';
import type { Sentence } from '../language/language-en.ts';

const SUGGESTIONS: readonly Sentence[] = [
  'suggestName',
  'suggestMemory',
  'suggestFile',
  'suggestSend',
  'suggestStory',
  'suggestFormat',
];

/** What stands in the middle of the log while there are no messages. */
export type Placeholder =
  | { kind: 'none' }
  | { kind: 'hint'; sentence: 'chooseChat' | 'chooseTopic' }
  | { kind: 'empty'; onSuggestion: (text: string) => void };

export function showPlaceholder(placeholder: Placeholder): void {
  const element = need('placeholder', HTMLElement);
  element.hidden = placeholder.kind === 'none';
  if (placeholder.kind === 'none') element.replaceChildren();
  if (placeholder.kind === 'hint') {
    element.replaceChildren(el('p', { class: 'pill' }, t(placeholder.sentence)));
  }
  if (placeholder.kind === 'empty') element.replaceChildren(suggestions(placeholder.onSuggestion));
}

function suggestions(onSuggestion: (text: string) => void): HTMLElement {
  const chips = SUGGESTIONS.map((sentence) => {
    const text = t(sentence);
    const chip = el('button', { type: 'button', class: 'chip' }, text);
    chip.addEventListener('click', () => onSuggestion(text));
    return chip;
  });
  return el(
    'div',
    { class: 'welcome' },
    el('span', { class: 'welcome-icon' }, icon('spark')),
    el('h3', {}, t('emptyTitle')),
    el('p', {}, t('emptyHint')),
    el('div', { class: 'chips' }, ...chips),
  );
}
