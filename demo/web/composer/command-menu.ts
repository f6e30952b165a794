import type { BotCommand } from 'grammy/types';
import { el } from '../parts/dom.ts';

/** The list of the bot's commands above the message field; the field keeps the focus and hands its keys on. */
export class CommandMenu {
  readonly #list: HTMLElement;
  readonly #field: HTMLElement;
  readonly #onChoose: (command: string, isFinal: boolean) => void;
  #commands: BotCommand[] = [];
  #selected = 0;

  /** @param onChoose gets e.g. "/new"; `isFinal` when it is to be sent, false when it is only to be completed. */
  constructor(list: HTMLElement, field: HTMLElement, onChoose: (command: string, isFinal: boolean) => void) {
    this.#list = list;
    this.#field = field;
    this.#onChoose = onChoose;
    // Before the click would move the focus away from the field.
    list.addEventListener('pointerdown', (event) => event.preventDefault());
    list.addEventListener('click', (event) => {
      const option = (event.target as Element).closest<HTMLElement>('[data-index]');
      if (option) this.#choose(Number(option.dataset.index), true);
    });
  }

  get isOpen(): boolean {
    return !this.#list.hidden;
  }

  /** Offers the commands that begin like what is typed; closes when the text is no beginning of a command. */
  offer(text: string, commands: readonly BotCommand[]): void {
    const typed = /^\/(\w*)$/.exec(text)?.[1]?.toLowerCase();
    this.#commands = typed === undefined ? [] : commands.filter(({ command }) => command.startsWith(typed));
    this.#selected = 0;
    this.#draw();
  }

  close(): void {
    this.#commands = [];
    this.#draw();
  }

  /** @returns whether the key was meant for the menu. */
  handleKey(key: string): boolean {
    if (!this.isOpen) return false;
    const { length } = this.#commands;
    if (key === 'ArrowDown') this.#select((this.#selected + 1) % length);
    else if (key === 'ArrowUp') this.#select((this.#selected + length - 1) % length);
    else if (key === 'Enter') this.#choose(this.#selected, true);
    else if (key === 'Tab') this.#choose(this.#selected, false);
    else if (key === 'Escape') this.close();
    else return false;
    return true;
  }

  #choose(index: number, isFinal: boolean): void {
    const chosen = this.#commands[index];
    this.close();
    if (chosen) this.#onChoose(`/${chosen.command}`, isFinal);
  }

  #select(index: number): void {
    this.#selected = index;
    this.#draw();
  }

  #draw(): void {
    this.#list.hidden = this.#commands.length === 0;
    this.#list.replaceChildren(
      ...this.#commands.map(({ command, description }, index) =>
        el(
          'li',
          {
            id: `command-${index}`,
            role: 'option',
            'data-index': index,
            'aria-selected': index === this.#selected ? 'true' : 'false',
          },
          el('span', { class: 'command' }, `/${command}`),
          el('span', { class: 'description' }, description),
        ),
      ),
    );
    this.#list.children[this.#selected]?.scrollIntoView({ block: 'nearest' });
    if (this.isOpen) this.#field.setAttribute('aria-activedescendant', `command-${this.#selected}`);
    else this.#field.removeAttribute('aria-activedescendant');
  }
}
