import type { PageInfo } from '../../src/page/page-info.ts';
import { el, icon, need } from './dom.ts';
import { language, type Language, LANGUAGES, onLanguage, setLanguage, t } from '../language/i18n.ts';
import type { Sentence } from '../language/language-en.ts';
import { setTheme, theme, THEMES, type Theme } from './theme.ts';

interface Entry {
  label: Sentence;
  icon: string;
  run: () => void;
  isShown?: () => boolean;
  isDanger?: boolean;
}

const THEME_LABELS: Record<Theme, Sentence> = { auto: 'themeAuto', light: 'themeLight', dark: 'themeDark' };

/** The menu of the left column: what concerns the whole page. */
export function setUpMainMenu(info: () => PageInfo | undefined, entries: readonly Entry[]): void {
  const menu = need('menu', HTMLElement);
  const draw = (): void => {
    const languages = Object.entries(LANGUAGES).map(([value, { name }]) => ({ value, label: name }));
    const themes = THEMES.map((value) => ({ value, label: t(THEME_LABELS[value]) }));
    const version = info()?.version;
    menu.replaceChildren(
      ...entries.map((entry) => item(menu, entry)),
      choices(t('theme'), {
        name: 'theme',
        options: themes,
        chosen: theme(),
        onChoose: (value) => setTheme(value as Theme),
      }),
      choices(t('language'), {
        name: 'language',
        options: languages,
        chosen: language(),
        onChoose: (value) => setLanguage(value as Language),
      }),
      ...(version === undefined ? [] : [el('p', { class: 'version' }, `${t('app')} ${version}`)]),
    );
  };
  onLanguage(draw);
  drawAtOpening(menu, draw);
  place(menu, need('menu-button', HTMLButtonElement), 'left');
}

/** The menu of the open chat. */
export function setUpChatMenu(entries: readonly Entry[]): void {
  const menu = need('chat-menu', HTMLElement);
  const draw = (): void => {
    const shown = entries.filter(({ isShown }) => isShown?.() ?? true);
    menu.replaceChildren(...shown.map((entry) => item(menu, entry)));
  };
  onLanguage(draw);
  drawAtOpening(menu, draw);
  place(menu, need('chat-menu-button', HTMLButtonElement), 'right');
}

/** Not at its closing: a button that is drawn anew loses the focus, which is to go back to where the menu was opened. */
function drawAtOpening(menu: HTMLElement, draw: () => void): void {
  menu.addEventListener('beforetoggle', ({ newState }) => {
    if (newState === 'open') draw();
  });
}

function item(menu: HTMLElement, entry: Entry): HTMLElement {
  const attributes = { type: 'button', class: entry.isDanger ? 'item danger' : 'item' };
  const button = el('button', attributes, icon(entry.icon), t(entry.label));
  button.addEventListener('click', () => {
    menu.hidePopover();
    entry.run();
  });
  return button;
}

function choices(
  title: string,
  {
    name,
    options,
    chosen,
    onChoose,
  }: {
    readonly name: string;
    readonly options: readonly { value: string; label: string }[];
    readonly chosen: string;
    readonly onChoose: (value: string) => void;
  },
): HTMLElement {
  const radios = options.map(({ value, label }) => {
    const radio = el('input', { type: 'radio', name, value, checked: value === chosen });
    radio.addEventListener('change', () => {
      onChoose(value);
      // Another language draws the menu anew, and with it the radio that has the focus.
      document.querySelector<HTMLElement>(`#menu input[name="${name}"]:checked`)?.focus();
    });
    return el('label', {}, radio, el('span', {}, label));
  });
  return el('fieldset', { class: 'choices' }, el('legend', {}, title), el('div', {}, ...radios));
}

/** Puts a popover below its button; arrow keys move between its buttons. */
function place(menu: HTMLElement, button: HTMLElement, side: 'left' | 'right'): void {
  menu.addEventListener('beforetoggle', (event) => {
    const { bottom, left, right } = button.getBoundingClientRect();
    menu.style.top = `${bottom + 4}px`;
    if (side === 'left') menu.style.left = `${left}px`;
    else menu.style.right = `${document.documentElement.clientWidth - right}px`;
    button.setAttribute('aria-expanded', String(event.newState === 'open'));
  });
  menu.addEventListener('toggle', (event) => {
    if (event.newState === 'open') menu.querySelector('button')?.focus();
  });
  menu.addEventListener('keydown', (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const target = event.target as HTMLElement;
    if (step === undefined || !target.matches('.item')) return;
    const items = [...menu.querySelectorAll<HTMLElement>('.item')];
    items[(items.indexOf(target) + step + items.length) % items.length]?.focus();
    event.preventDefault();
  });
}
