import { vi } from 'vitest';
import { BotApi } from '../telegram/bot-api.fixture.ts';
import { LiveReply, type PostedPart, type ReplyMemory } from './live-reply.ts';
import { TelegramChat } from '../telegram/telegram-chat.ts';

export const PACE = { firstAfterMs: 1_000, betweenMs: 2_000 };

/** A reply to message 42, and the Telegram that it goes to. The test must have faked the timers. */
export class ReplyScene {
  readonly botApi = new BotApi();
  readonly errors: unknown[] = [];
  /** What a later delivery of the turn would know to be posted. */
  remembered: readonly PostedPart[] = [];
  reply: LiveReply;

  constructor() {
    this.reply = this.#begin();
  }

  /** Another delivery of the turn goes on with what was written down. */
  deliverAgain(): void {
    this.reply = this.#begin();
  }

  #begin(): LiveReply {
    const place = { chatId: '7123456789', threadId: null, isForum: false, replyTo: 42 };
    const memory: ReplyMemory = {
      posted: this.remembered,
      saveSending: () => Promise.resolve(),
      savePosted: (parts) => {
        this.remembered = parts;
        return Promise.resolve();
      },
      confirm: () => Promise.resolve(),
      isPosted: () => Promise.resolve(true),
    };
    const chat = new TelegramChat(this.botApi.api, place);
    return new LiveReply(chat, PACE, (error) => this.errors.push(error), memory);
  }

  get sends(): number {
    return this.botApi.payloads('sendMessage').length;
  }

  get edits(): number {
    return this.botApi.payloads('editMessageText').length;
  }

  /** Shows a text so far and waits, no longer than needed, until it was tried to bring it onto the screen. */
  async showing(markdown: string): Promise<void> {
    this.reply.show(markdown);
    await vi.advanceTimersToNextTimerAsync();
    await settle();
  }
}

/** Lets answers that are there arrive; no time passes. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await vi.advanceTimersByTimeAsync(0);
}
