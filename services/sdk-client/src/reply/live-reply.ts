// text as it grows → rendered, split → a message that is edited at a gentle pace → the final parts
import { TelegramError, TurnTakenOverError } from '../errors.ts';
import { answerParts } from './answer-parts.ts';
import type { FormattedText } from '../markdown/formatted-text.ts';
import { isNotModified } from '../telegram/not-modified.ts';
import type { TelegramChat } from '../telegram/telegram-chat.ts';

/** How often a message may be edited; Telegram's limits are elastic, and edits share them with sends. */
export interface EditPace {
  /** An answer that is complete sooner than this is sent at once, in one piece. In ms. */
  readonly firstAfterMs: number;
  /** Between two edits, in ms. */
  readonly betweenMs: number;
}

/** Telegram's tolerated rates: about one call a second in a private chat, twenty a minute in a group. */
export const TELEGRAM_PACE: Record<'private' | 'group', EditPace> = {
  private: { firstAfterMs: 1_200, betweenMs: 1_100 },
  group: { firstAfterMs: 1_200, betweenMs: 3_100 },
};

/** Stands below a growing answer that does not fit into a reply any more. */
const GROWING = '…';
/** A text that is slow to render is shown less often: one growing answer takes at most this part of the processor's time. */
const PAUSE_FACTOR = 20;

const FINAL_TRIES = 5;
const DELETE_TRIES = 3;
/** A longer `retry_after` is not waited for here: the turn comes back when it has passed. In ms. */
const LONGEST_WAIT_MS = 5_000;
const FIRST_RETRY_MS = 500;

/** A message that Telegram has accepted as part of a reply. */
export interface PostedPart {
  readonly messageId: number;
  /** The text and entities it shows, as JSON; empty when that is not known for sure. */
  readonly shown: string;
}

/** What outlives the process that began a reply, so that another one can finish the same messages. */
export interface ReplyMemory {
  readonly posted: readonly PostedPart[];
  /** Awaited before a part is sent: who finds this and not the part's id cannot know whether it arrived. */
  saveSending(part: number): Promise<void>;
  /** Awaited before the next call to Telegram; no part is on its way then. */
  savePosted(posted: readonly PostedPart[]): Promise<void>;
  /**
   * Awaited before every change in the chat: a process that was frozen may have been overtaken by another one.
   * @throws TurnTakenOverError when the reply is another process's by now.
   */
  confirm(): Promise<void>;
  /** @returns whether the message was written down as a part of the reply, whoever the reply's process is by now. */
  isPosted(messageId: number): Promise<boolean>;
}

const FORGETFUL: ReplyMemory = {
  posted: [],
  saveSending: () => Promise.resolve(),
  savePosted: () => Promise.resolve(),
  confirm: () => Promise.resolve(),
  isPosted: () => Promise.resolve(true),
};

type Posted = { -readonly [K in keyof PostedPart]: PostedPart[K] };

/** What no message shows: an edit has to tell. */
const UNKNOWN = '';

/** The reply to one turn: shown while it grows, and complete in the end. One call to Telegram is in flight at a time. */
export class LiveReply {
  readonly #chat: TelegramChat;
  readonly #pace: EditPace;
  readonly #onError: (error: unknown) => void;
  readonly #memory: ReplyMemory;
  readonly #posted: Posted[];
  #draft = '';
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #isWriting = false;
  #isOver = false;
  #notBefore = 0;

  constructor(
    chat: TelegramChat,
    pace: EditPace,
    onError: (error: unknown) => void,
    memory: ReplyMemory = FORGETFUL,
  ) {
    this.#chat = chat;
    this.#pace = pace;
    this.#onError = onError;
    this.#memory = memory;
    this.#posted = memory.posted.map((part) => ({ ...part }));
  }

  /** Shows the text so far, soon; the latest call wins. */
  show(markdown: string): void {
    if (this.#notBefore === 0) this.#notBefore = Date.now() + this.#pace.firstAfterMs;
    this.#draft = markdown;
    this.#schedule();
  }

  /**
   * Shows the final text: edits what is posted into its first parts, sends the rest.
   * @param more the line below the beginning of a text that is too long for a reply.
   * @returns whether the reply shows the whole text.
   * @throws TelegramError when a part could not be delivered after several tries.
   */
  async finish(markdown: string, more = GROWING): Promise<boolean> {
    await this.#stop();
    const { parts, isWhole } = await answerParts(markdown, more);
    for (const [index, part] of parts.entries()) await this.#deliver(index, part);
    await this.#deleteFrom(parts.length);
    return isWhole;
  }

  /** Shows what there is and leaves it so: another delivery goes on with it. */
  async rest(): Promise<void> {
    await this.#stop();
    if (this.#draft !== '') await this.#writeDraft();
  }

  /**
   * Takes back what was shown: there will be no answer, or another try will give it. A message that cannot be deleted now stays written down, so
   * that the next try edits it instead of writing beside it.
   */
  async withdraw(): Promise<void> {
    await this.#stop();
    if (this.#posted.length === 0) return;
    for (let last = this.#posted.at(-1); last; last = this.#posted.at(-1)) {
      if (!(await this.#delete(last.messageId))) break;
      this.#posted.pop();
    }
    await this.#remember();
  }

  async #stop(): Promise<void> {
    this.#isOver = true;
    clearTimeout(this.#timer);
    await this.#writing;
  }

  #schedule(): void {
    if (this.#isOver || this.#isWriting || this.#timer !== undefined) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#isWriting = true;
        this.#writing = this.#writeDraft();
      },
      Math.max(0, this.#notBefore - Date.now()),
    );
  }

  async #writeDraft(): Promise<void> {
    const draft = this.#draft;
    let pauseMs = this.#pace.betweenMs;
    try {
      const begunMs = performance.now();
      const { parts } = await answerParts(draft, GROWING);
      pauseMs = Math.max(pauseMs, (performance.now() - begunMs) * PAUSE_FACTOR);
      for (const [index, part] of parts.entries()) await this.#put(index, part);
    } catch (error) {
      // The next edit, or the final one, says it again; only the pace must give way.
      this.#onError(error);
      if (error instanceof TelegramError && error.retryAfterMs !== undefined) pauseMs = error.retryAfterMs;
    }
    this.#notBefore = Date.now() + pauseMs;
    this.#isWriting = false;
    if (this.#draft !== draft) this.#schedule();
  }

  async #put(index: number, part: FormattedText): Promise<void> {
    const shown = JSON.stringify(part);
    const posted = this.#posted[index];
    if (posted?.shown === shown) return;
    if (posted) {
      await this.#memory.confirm();
      await this.#edit(posted, part);
      posted.shown = shown;
      if (this.#isOver) await this.#remember();
    } else {
      await this.#send(index, part, shown);
    }
  }

  async #send(index: number, part: FormattedText, shown: string): Promise<void> {
    await this.#memory.saveSending(index);
    let messageId: number;
    try {
      messageId = await this.#chat.send(part, { isReply: index === 0 });
      this.#posted.push({ messageId, shown });
    } catch (error) {
      // Refused or put off, it has not arrived; without an answer, nobody knows.
      if (error instanceof TelegramError && !error.mayHaveLanded) await this.#remember();
      throw error;
    }
    try {
      await this.#remember();
    } catch (error) {
      if (error instanceof TurnTakenOverError) await this.#takeBack(messageId);
      throw error;
    }
  }

  /** Who overtook this process while it sent cannot know of the message, and says it again; unless it was written down after all. */
  async #takeBack(messageId: number): Promise<void> {
    try {
      if (!(await this.#memory.isPosted(messageId))) await this.#chat.delete(messageId);
    } catch (error) {
      this.#onError(error);
    }
  }

  /** What a growing message shows changes too often to be written down each time. */
  async #remember(): Promise<void> {
    const parts = this.#posted.map(({ messageId, shown }) => ({
      messageId,
      shown: this.#isOver ? shown : UNKNOWN,
    }));
    await this.#memory.savePosted(parts);
  }

  async #edit(posted: Posted, part: FormattedText): Promise<void> {
    try {
      await this.#chat.edit(posted.messageId, part);
    } catch (error) {
      if (!(error instanceof TelegramError)) throw error;
      if (isNotModified(error)) return;
      // It may have landed all the same.
      if (error.mayHaveLanded) posted.shown = UNKNOWN;
      throw error;
    }
  }

  async #deliver(index: number, formatted: FormattedText): Promise<void> {
    let part = formatted;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#put(index, part);
        return;
      } catch (error) {
        if (!(error instanceof TelegramError)) throw error;
        const waitMs = error.retryAfterMs ?? FIRST_RETRY_MS * 2 ** attempt;
        const canBeSentAnew = error.code === 'telegram_refused' && this.#posted[index] !== undefined;
        const isTooLong = (error.retryAfterMs ?? 0) > LONGEST_WAIT_MS;
        // A 403 is about the place, whatever is sent; of a 400 nothing but its text tells.
        const mayBePlain = error.status === 400 && part.entities.length > 0;
        if (!canBeSentAnew && !mayBePlain && (!error.retryable || attempt === FINAL_TRIES || isTooLong))
          throw error;
        this.#onError(error);
        // The message to be edited is gone, or was never ours to edit. Those after it would stand above the new one.
        if (canBeSentAnew) await this.#deleteFrom(index);
        else if (mayBePlain) part = { text: part.text, entities: [] };
        else await pause(waitMs);
      }
    }
  }

  /** Deletes what is posted from this part on; a message that cannot be deleted is reported and stays. */
  async #deleteFrom(index: number): Promise<void> {
    const surplus = this.#posted.splice(index);
    for (const { messageId } of surplus) await this.#delete(messageId);
    if (surplus.length > 0) await this.#remember();
  }

  /** @returns false when Telegram could not be asked: the message may still be there. */
  async #delete(messageId: number): Promise<boolean> {
    for (let attempt = 1; ; attempt += 1) {
      await this.#memory.confirm();
      try {
        await this.#chat.delete(messageId);
        return true;
      } catch (error) {
        this.#onError(error);
        if (!(error instanceof TelegramError) || !error.retryable) return true;
        if (attempt === DELETE_TRIES) return false;
        await pause(Math.min(error.retryAfterMs ?? FIRST_RETRY_MS * 2 ** attempt, LONGEST_WAIT_MS));
      }
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
