// the turns that wait for a slot, looked at again and again → "typing…" → one silent message with the place → removed when it starts
import { setTimeout as delay } from 'node:timers/promises';
import type { Turn } from '@omnicloud/protocol';
import type { TelegramApi } from '../telegram/telegram-types.ts';
import { TelegramError } from '../errors.ts';
import type { WaitingLine, WaitingTurn } from '../queue/waiting-line.ts';
import { CallPacer } from '../telegram/call-pacer.ts';
import { TelegramChat } from '../telegram/telegram-chat.ts';
import { languageOf, TEXTS } from '../reply/texts.ts';

const LOOK_INTERVAL_MS = 250;
/** A turn that waits for less gets no message. */
const MESSAGE_AFTER_MS = 1_500;
/** Telegram shows an action for at most 5 s. */
const TYPING_INTERVAL_MS = 4_500;
/** A bot may send about 30 messages a second, and one a second into a chat (20 a minute into a group); answers come first. */
const MESSAGES_PER_SECOND = 15;
/** "Typing…" is no message, but no flood either: 200 chats are told within 3 s. */
const ACTIONS_PER_SECOND = 80;
const EDIT_AFTER_MS = { private: 3_000, group: 15_000 };
/** How often the removal of one sign is tried. */
const MAX_REMOVALS = 5;

export interface PlaceDeps {
  readonly api: TelegramApi;
  readonly line: WaitingLine;
  readonly onError: (error: unknown) => void;
}

/** What was shown to one turn. */
interface Shown {
  readonly sinceMs: number;
  typedAtMs: number;
  /** When the sign of it was sent or edited. */
  signedAtMs: number;
  ahead: number | undefined;
}

/**
 * Tells those whose turn waits for a slot where they stand, until the signal aborts. Nothing hangs on it: what fails is reported and left
 * out. The message's id is written down, so that a process which starts later can remove what a killed one left.
 */
export async function showPlaces(deps: PlaceDeps, signal: AbortSignal): Promise<void> {
  const signs = new PlaceSigns(deps);
  while (!signal.aborted) {
    try {
      signs.look(signal);
    } catch (error) {
      deps.onError(error);
    }
    await delay(LOOK_INTERVAL_MS, undefined, { signal }).catch(() => undefined);
  }
  await signs.settled();
}

class PlaceSigns {
  readonly #deps: PlaceDeps;
  readonly #messages = new CallPacer(MESSAGES_PER_SECOND);
  readonly #actions = new CallPacer(ACTIONS_PER_SECOND);
  readonly #shown = new Map<number, Shown>();
  readonly #calls = new Map<string, Promise<void>>();
  readonly #removals = new Map<number, number>();
  /** When a chat got its last message or edit, for a group has one limit for all its topics. */
  readonly #chats = new Map<string, number>();
  #quietUntilMs = 0;

  constructor(deps: PlaceDeps) {
    this.#deps = deps;
  }

  look(signal: AbortSignal): void {
    const nowMs = performance.now();
    if (nowMs < this.#quietUntilMs) return;
    this.#removeStale();
    const waiting = this.#deps.line.waiting();
    const known = new Set(waiting.map(({ turn }) => turn.update_id));
    for (const id of this.#shown.keys()) if (!known.has(id)) this.#shown.delete(id);
    for (const one of waiting) {
      if (signal.aborted) return;
      this.#show(one, nowMs);
    }
    for (const [chat, atMs] of this.#chats) if (nowMs - atMs > EDIT_AFTER_MS.group) this.#chats.delete(chat);
  }

  async settled(): Promise<void> {
    await Promise.all(this.#calls.values());
  }

  #show({ turn, ahead, sign }: WaitingTurn, nowMs: number): void {
    // Nobody wrote it.
    if (turn.ask.kind === 'migration' || turn.ask.kind === 'kept_answer') return;
    const { update_id: id } = turn;
    const shown = this.#shown.get(id) ?? newlyShown(nowMs);
    this.#shown.set(id, shown);
    if (sign === undefined && nowMs - shown.typedAtMs >= TYPING_INTERVAL_MS && this.#actions.take()) {
      shown.typedAtMs = nowMs;
      this.#call(`typing ${id}`, () => chatOf(turn, this.#deps.api).act('typing'));
    }
    if (nowMs - shown.sinceMs < MESSAGE_AFTER_MS || shown.ahead === ahead) return;
    const pauseMs = turn.chat_type === 'private' ? EDIT_AFTER_MS.private : EDIT_AFTER_MS.group;
    if (nowMs - Math.max(shown.signedAtMs, this.#chats.get(turn.chat_id) ?? -Infinity) < pauseMs) return;
    if (this.#calls.has(`sign ${id}`) || !this.#messages.take()) return;
    if (sign === undefined && !this.#deps.line.beginSign(id)) {
      // One was begun by a process that is gone.
      shown.ahead = ahead;
      return;
    }
    shown.ahead = ahead;
    shown.signedAtMs = nowMs;
    this.#chats.set(turn.chat_id, nowMs);
    this.#call(`sign ${id}`, () => this.#sign(turn, ahead, sign));
  }

  async #sign(turn: Turn, ahead: number, sign: number | undefined): Promise<void> {
    const chat = chatOf(turn, this.#deps.api);
    const text = { text: TEXTS[languageOf(turn.sender.language_code)].place(ahead), entities: [] };
    if (sign !== undefined) return chat.edit(sign, text);
    const sent = await chat.send(text, { isReply: true, isSilent: true });
    this.#deps.line.saveSign(turn.update_id, sent);
  }

  #removeStale(): void {
    for (const { updateId, chatId, sign } of this.#deps.line.staleSigns()) {
      const tries = this.#removals.get(updateId) ?? 0;
      if (this.#calls.has(`remove ${updateId}`) || this.#calls.has(`sign ${updateId}`)) continue;
      this.#removals.set(updateId, tries + 1);
      this.#call(`remove ${updateId}`, async () => {
        try {
          await chatAt(chatId, this.#deps.api).delete(sign);
        } catch (error) {
          const mayWork = error instanceof TelegramError && error.retryable && tries + 1 < MAX_REMOVALS;
          if (mayWork) throw error;
          this.#deps.onError(error);
        }
        this.#deps.line.saveSign(updateId, undefined);
        this.#removals.delete(updateId);
      });
    }
  }

  #call(name: string, call: () => Promise<void>): void {
    if (this.#calls.has(name)) return;
    const ended = call()
      .catch((error: unknown) => {
        if (error instanceof TelegramError && error.retryAfterMs !== undefined) {
          this.#quietUntilMs = performance.now() + error.retryAfterMs;
        }
        this.#deps.onError(error);
      })
      .finally(() => this.#calls.delete(name));
    this.#calls.set(name, ended);
  }
}

function newlyShown(nowMs: number): Shown {
  return { sinceMs: nowMs, typedAtMs: -Infinity, signedAtMs: -Infinity, ahead: undefined };
}

function chatOf(turn: Turn, api: TelegramApi): TelegramChat {
  return new TelegramChat(api, {
    chatId: turn.chat_id,
    threadId: turn.thread_id,
    isForum: turn.is_forum,
    replyTo: turn.message_id,
  });
}

/** For a message that is known by its id, the chat is enough. */
function chatAt(chatId: string, api: TelegramApi): TelegramChat {
  return new TelegramChat(api, { chatId, threadId: null, isForum: false, replyTo: 0 });
}
