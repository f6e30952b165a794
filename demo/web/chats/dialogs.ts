import type { PageInfo } from '../../src/page/page-info.ts';
import type { NewChat } from '../../src/telegram/page-api.ts';
import { el } from '../parts/dom.ts';
import { t } from '../language/i18n.ts';

/** Longest name of a group and of a topic in Telegram, in UTF-16 code units. */
const MAX_NAME_LENGTH = 128;

/** @returns what group the reader wants, or undefined when they changed their mind. */
export async function askNewChat(): Promise<NewChat | undefined> {
  const name = nameField(t('chatName'));
  const forum = el('input', { type: 'checkbox', id: 'with-topics' });
  const choice = el(
    'label',
    { class: 'choice', for: 'with-topics' },
    forum,
    el('span', {}, t('withTopics'), el('small', {}, t('withTopicsHint'))),
  );
  const isAgreed = await ask(t('newChat'), [name.label, choice], { agree: t('create') });
  return isAgreed ? { title: name.input.value.trim(), is_forum: forum.checked } : undefined;
}

/** @returns the new topic's name, or undefined. */
export async function askNewTopic(): Promise<string | undefined> {
  const name = nameField(t('topicName'));
  const isAgreed = await ask(t('newTopic'), [name.label], { agree: t('create') });
  return isAgreed ? name.input.value.trim() : undefined;
}

export function askClear(title: string): Promise<boolean> {
  const body = [el('p', {}, t('clearQuestion', { title })), el('p', { class: 'hint' }, t('clearHint'))];
  return ask(t('clear'), body, { agree: t('clear'), kind: 'danger' });
}

/** Tells which model answers and, for the demo model, how to get the real one. */
export async function showAbout(info: PageInfo): Promise<void> {
  const facts = el(
    'ul',
    { class: 'facts' },
    el('li', {}, t('modelIs', { name: info.model.kind === 'demo' ? t('demo') : info.model.name })),
    el('li', {}, t(info.shell ? 'shellOn' : 'shellOff')),
    el('li', {}, t('version', { version: info.version })),
  );
  const isDemo = info.model.kind === 'demo';
  await ask(isDemo ? t('demoTitle') : t('about'), isDemo ? [...demoGuide(), facts] : [facts]);
}

function demoGuide(): HTMLElement[] {
  const lines = (...text: string[]): HTMLElement =>
    el('pre', { class: 'lines', tabindex: 0 }, text.join('\n'));
  return [
    el('p', {}, t('demoIntro')),
    el('p', {}, t('demoAnthropic')),
    lines('ANTHROPIC_API_KEY=sk-ant-…'),
    el('p', {}, t('demoBedrock')),
    lines(
      'CLAUDE_CODE_USE_BEDROCK=1',
      'BEDROCK_REGION=us-east-1',
      'BEDROCK_ACCESS_KEY_ID=…',
      'BEDROCK_SECRET_ACCESS_KEY=…',
    ),
    el('p', {}, t('demoRestart')),
    lines('npm start'),
  ];
}

function nameField(label: string): { label: HTMLElement; input: HTMLInputElement } {
  const input = el('input', { type: 'text', required: true, maxlength: MAX_NAME_LENGTH, pattern: '.*\\S.*' });
  return { label: el('label', { class: 'field' }, el('span', {}, label), input), input };
}

/**
 * Shows a modal dialog; Escape, the backdrop and the first button leave it.
 * @param agree the label of the button that agrees; without it there is only one that closes.
 * @returns whether the reader agreed.
 */
async function ask(
  title: string,
  body: HTMLElement[],
  {
    agree,
    kind = 'accent',
  }: { readonly agree?: string | undefined; readonly kind?: string | undefined } = {},
): Promise<boolean> {
  const leave = el(
    'button',
    { type: 'button', class: 'text-button' },
    t(agree === undefined ? 'close' : 'cancel'),
  );
  const confirm =
    agree === undefined ? [] : [el('button', { type: 'submit', class: `text-button ${kind}` }, agree)];
  const form = el('form', { method: 'dialog' }, el('h2', { id: 'dialog-title' }, title));
  form.append(...body, el('div', { class: 'buttons' }, leave, ...confirm));
  const dialog = el('dialog', { 'aria-labelledby': 'dialog-title' }, form);
  document.body.append(dialog);

  const { promise, resolve } = Promise.withResolvers<boolean>();
  leave.addEventListener('click', () => dialog.close());
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    dialog.close('agreed');
  });
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close();
  });
  dialog.addEventListener('close', () => {
    dialog.remove();
    resolve(dialog.returnValue === 'agreed');
  });
  dialog.showModal();
  return promise;
}
