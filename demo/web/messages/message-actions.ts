import { copyText } from './copy-text.ts';
import { t } from '../language/i18n.ts';
import { toast } from '../parts/toast.ts';

/** What the reader can do with a message; ids are message ids, `outgoingId` the outbox's. */
export interface MessageActions {
  reply: (id: number) => void;
  scrollTo: (id: number) => void;
  command: (text: string) => void;
  retry: (outgoingId: number) => void;
  editAgain: (outgoingId: number) => void;
  /** @returns the plain text of a message. */
  textOf: (id: number) => string;
}

/** Handles clicks, double clicks and keys for all messages of the log at once. */
export function handleMessageActions(log: HTMLElement, actions: MessageActions): void {
  log.addEventListener('click', (event) => {
    const target = closest(event.target, '[data-action]');
    if (target) run(target, actions);
  });
  log.addEventListener('dblclick', (event) => {
    const id = idOf(event.target);
    if (id === undefined || closest(event.target, 'a, button, pre, code')) return;
    getSelection()?.removeAllRanges();
    actions.reply(id);
  });
  log.addEventListener('keydown', (event) => {
    const target = event.target as HTMLElement;
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (isPlain && (event.key === 'ArrowUp' || event.key === 'ArrowDown') && !target.closest('pre')) {
      moveFocus(log, target, event.key === 'ArrowUp' ? -1 : 1);
      event.preventDefault();
    } else if (
      isPlain &&
      (event.key === 'Enter' || event.key === ' ') &&
      target.matches('[tabindex="0"][data-action]')
    ) {
      run(target, actions);
      event.preventDefault();
    } else if (isPlain && (event.key === 'r' || event.key === 'c')) {
      const id = idOf(target);
      if (id === undefined) return;
      if (event.key === 'r') actions.reply(id);
      else copy(actions.textOf(id));
      event.preventDefault();
    }
  });
}

function run(target: HTMLElement, actions: MessageActions): void {
  const id = idOf(target);
  const outgoingId = Number(closest(target, '[data-outgoing]')?.dataset.outgoing);
  const runs: Record<string, () => void> = {
    copy: () => copy(target.textContent),
    'copy-block': () => copy(target.closest('.code-block')?.querySelector('code')?.textContent ?? ''),
    'copy-message': () => id !== undefined && copy(actions.textOf(id)),
    toggle: () => {
      const isOpen = target.toggleAttribute('data-open');
      // Until then screen readers read the label in its place.
      target.querySelector('.secret')?.setAttribute('aria-hidden', String(!isOpen));
    },
    command: () => actions.command(target.dataset.command ?? ''),
    quote: () => actions.scrollTo(Number(target.dataset.target)),
    reply: () => id !== undefined && actions.reply(id),
    retry: () => actions.retry(outgoingId),
    'edit-again': () => actions.editAgain(outgoingId),
  };
  runs[target.dataset.action ?? '']?.();
}

function moveFocus(log: HTMLElement, from: HTMLElement, step: 1 | -1): void {
  const messages = [...log.querySelectorAll<HTMLElement>('.message[data-id]')];
  const index = messages.findIndex((message) => message.contains(from));
  const next = index === -1 ? messages.at(-1) : messages[index + step];
  next?.focus({ preventScroll: true });
  next?.scrollIntoView({ block: 'nearest' });
}

/** Never rejects: the reader learns from a toast how it went. */
function copy(text: string): void {
  copyText(text).then(
    () => toast(t('copied')),
    (error: unknown) => {
      console.warn('Copying was refused.', error);
      toast(t('copyFailed'));
    },
  );
}

function idOf(target: EventTarget | null): number | undefined {
  const id = closest(target, '.message[data-id]')?.dataset.id;
  return id === undefined ? undefined : Number(id);
}

function closest(target: EventTarget | null, selector: string): HTMLElement | undefined {
  return target instanceof Element ? (target.closest<HTMLElement>(selector) ?? undefined) : undefined;
}
