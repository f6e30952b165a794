import { type Conversation, conversationKey } from '../chats/conversation.ts';
import { shortenable } from '../messages/document-view.ts';
import { el, icon, need } from '../parts/dom.ts';
import { MAX_FILE_MEGABYTES, MAX_FILES, sortOut } from './file-limits.ts';
import { fileSize, shownName } from '../messages/formats.ts';
import { onLanguage, t } from '../language/i18n.ts';
import { canBePhoto, drawPreview, isPicture } from './photo.ts';
import type { Attached } from './upload.ts';

/** What is attached in one conversation. */
interface Attachments {
  files: File[];
  /** Whether they shall be photos if all of them can: an album has one kind of file. */
  asPhotos: boolean;
  /** What was not attached, for the reader. */
  problems: string[];
}

/** The files of the next message, above the message field. They stay with their conversation until the page is closed. */
export class AttachmentBar {
  readonly #bar = need('attachment-bar', HTMLElement);
  readonly #list = need('attachments', HTMLUListElement);
  readonly #summary = need('attachment-summary', HTMLElement);
  readonly #problems = need('attachment-problems', HTMLElement);
  readonly #asPhotos = need('as-photos', HTMLInputElement);
  readonly #button = need('attach-button', HTMLButtonElement);
  readonly #picker = need('file-picker', HTMLInputElement);
  readonly #maxCaption: number;
  readonly #onChange: () => void;
  readonly #byConversation = new Map<string, Attachments>();
  /** A row is kept while its file is: drawing its picture takes a while. */
  readonly #rows = new WeakMap<File, HTMLElement>();
  #open: Attachments = none();

  /**
   * @param maxCaption for the reader, in characters.
   * @param onChange called when the reader added or removed a file.
   */
  constructor(maxCaption: number, onChange: () => void) {
    this.#maxCaption = maxCaption;
    this.#onChange = onChange;
    this.#button.addEventListener('click', () => this.#picker.click());
    this.#picker.addEventListener('change', () => {
      this.add([...(this.#picker.files ?? [])]);
      // Or choosing the same file again would be no change.
      this.#picker.value = '';
    });
    this.#asPhotos.addEventListener('change', () => {
      this.#open.asPhotos = this.#asPhotos.checked;
    });
    this.#list.addEventListener('click', (event) => {
      const button = event.target instanceof Element ? event.target.closest('button') : null;
      const row = button?.closest('li');
      if (row) this.#remove([...this.#list.children].indexOf(row));
    });
    onLanguage(() => this.#draw());
  }

  get count(): number {
    return this.#open.files.length;
  }

  open(conversation: Conversation | undefined): void {
    const key = conversation ? conversationKey(conversation) : '';
    this.#open = this.#byConversation.get(key) ?? none();
    this.#byConversation.set(key, this.#open);
    this.#draw();
  }

  /** Adds what can be sent, and tells of the rest. */
  add(files: readonly File[]): void {
    const { taken, refused } = sortOut(files, this.count);
    this.#open.files.push(...taken);
    const left = refused.filter(({ reason }) => reason === 'tooMany').length;
    this.#open.problems = refused
      .filter(({ reason }) => reason !== 'tooMany')
      .map(({ file, reason }) => t(reason, { name: shownName(file.name), megabytes: MAX_FILE_MEGABYTES }));
    if (left > 0) this.#open.problems.push(t('tooMany', { count: MAX_FILES, left }));
    this.#draw();
    this.#onChange();
  }

  /** Tells the reader of something that could not be attached. */
  refuse(problem: string): void {
    this.#open.problems.push(problem);
    this.#draw();
  }

  /** Puts in again what was not sent, before what was attached since. */
  putBack(files: readonly Attached[]): void {
    const later = this.#open.files.splice(0);
    if (files.length > 0) {
      this.#open.asPhotos = files.some(({ isPhoto, file }) => isPhoto || !canBePhoto(file));
    }
    this.add([...files.map(({ file }) => file), ...later]);
  }

  /** @returns the files for sending, and forgets them. */
  take(): Attached[] {
    const { files, asPhotos } = this.#open;
    const isPhoto = asPhotos && files.every(canBePhoto);
    Object.assign(this.#open, none());
    this.#draw();
    return files.map((file) => ({ file, isPhoto }));
  }

  #remove(index: number): void {
    this.#open.files.splice(index, 1);
    this.#open.problems = [];
    this.#draw();
    this.#onChange();
  }

  #draw(): void {
    const { files, asPhotos, problems } = this.#open;
    this.#bar.hidden = files.length === 0 && problems.length === 0;
    this.#list.replaceChildren(...files.map((file) => this.#row(file)));
    this.#list.hidden = files.length === 0;
    const bytes = fileSize(files.reduce((sum, { size }) => sum + size, 0));
    const limits = { count: MAX_FILES, megabytes: MAX_FILE_MEGABYTES, characters: this.#maxCaption };
    this.#summary.textContent =
      files.length === 0
        ? ''
        : `${t('attached', { count: files.length, size: bytes })} ${t('fileLimits', limits)}`;
    this.#problems.replaceChildren(...problems.map((problem) => el('p', {}, problem)));
    this.#asPhotos.checked = asPhotos;
    this.#asPhotos.labels?.forEach(
      (label) => (label.hidden = files.length === 0 || !files.every(canBePhoto)),
    );
  }

  #row(file: File): HTMLElement {
    const name = shownName(file.name);
    const remove = t('removeFile', { name });
    const known = this.#rows.get(file);
    const picture = known?.querySelector('.attachment-picture') ?? pictureOf(file);
    const row = el(
      'li',
      { class: 'attachment', title: name },
      picture,
      el('span', { class: 'attachment-name', dir: 'auto' }, ...shortenable(name)),
      el('span', { class: 'attachment-size' }, fileSize(file.size)),
      el('button', { type: 'button', class: 'remove', 'aria-label': remove, title: remove }, icon('close')),
    );
    this.#rows.set(file, row);
    return row;
  }
}

function none(): Attachments {
  return { files: [], asPhotos: true, problems: [] };
}

function pictureOf(file: File): HTMLElement {
  const holder = el('span', { class: 'attachment-picture' }, icon('file'));
  if (!isPicture(file.type, file.size)) return holder;
  const canvas = el('canvas', { 'aria-hidden': 'true' });
  holder.append(canvas);
  void drawPreview(file, canvas);
  return holder;
}
