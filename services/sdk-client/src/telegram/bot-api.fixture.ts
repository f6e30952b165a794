// a call of the bot → recorded → a scripted answer, or else what Telegram would answer
import { Api } from 'grammy/web';
import { parseBody } from 'hono/utils/body';
import { botApiAnswer } from './bot-api-fetch.ts';
import { telegramFiles } from './telegram-files.ts';

/** Has the form of a real one, so that a test can look for it where it must not appear. */
export const BOT_TOKEN = '123456:not-a-real-token';

export interface BotApiCall {
  readonly method: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** @param usual carries the call out; to be called for an answer that is late or gets lost. */
export type Answer = (usual: () => Promise<Response>) => Response | Promise<Response>;

/** A file as it arrived. */
interface ReceivedDocument {
  readonly name: string;
  readonly content: Uint8Array;
}

/** What `screen` shows of a document that has none. */
export const NO_CAPTION = '(a document)';

interface Shown {
  readonly text: string;
  readonly entities: string;
}

/** Telegram as far as the bot sees it: remembers every call and what each message shows now. */
export class BotApi {
  readonly api = new Api(BOT_TOKEN, {
    apiRoot: 'https://telegram.test',
    fetch: async (url: string, init: RequestInit) => botApiAnswer(await this.#receive(url, init)),
  });
  readonly calls: BotApiCall[] = [];
  /** What users sent, by its `file_id`; the path is the id itself. */
  readonly sent = new Map<string, Uint8Array>();
  readonly files = telegramFiles(
    this.api,
    (path) => `https://telegram.test/file/bot${BOT_TOKEN}/${path}`,
    (url) => this.#download(url),
  );
  /** The files that the bot sent, oldest first; `screen` shows their captions. */
  readonly documents: ReceivedDocument[] = [];
  /** What people wrote to the bot; `getUpdates` hands it out. */
  readonly updates: { update_id: number }[] = [];
  /** Whether it cannot be reached now. */
  isAway: () => boolean = () => false;
  /** The most calls that were ever unanswered at the same time, `sendChatAction` aside. */
  mostInFlight = 0;
  readonly #messages = new Map<number, Shown>();
  readonly #scripts = new Map<string, Answer[]>();
  #lastMessageId = 1000;
  #inFlight = 0;
  #waiting: (() => void)[] = [];

  /** The texts of the bot's messages as people see them, oldest first. */
  get screen(): string[] {
    return [...this.#messages.values()].map(({ text }) => text);
  }

  /** Scripts the answers to the next calls of a method. */
  script(method: string, ...answers: Answer[]): void {
    this.#scripts.set(method, [...(this.#scripts.get(method) ?? []), ...answers]);
  }

  /** @returns the payloads of a method's calls, oldest first. */
  payloads(method: string): BotApiCall['payload'][] {
    return this.calls.filter((call) => call.method === method).map(({ payload }) => payload);
  }

  /** Resolves once the condition holds; it is looked at whenever a call comes in or a message changes. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Someone deletes the bot's messages. */
  clearScreen(): void {
    this.#messages.clear();
  }

  async #receive(url: string, init: RequestInit): Promise<Response> {
    const { body, signal } = init;
    const method = url.slice(url.lastIndexOf('/') + 1);
    const payload =
      typeof body === 'string' ? (JSON.parse(body) as Record<string, unknown>) : await formOf(init);
    this.calls.push({ method, payload });
    const counts = method === 'sendChatAction' ? 0 : 1;
    this.#inFlight += counts;
    this.mostInFlight = Math.max(this.mostInFlight, this.#inFlight);
    this.#changed();
    if (this.isAway()) {
      this.#inFlight -= counts;
      throw new TypeError('fetch failed');
    }
    try {
      const usual = (): Promise<Response> => this.#carryOut(method, payload, signal ?? undefined);
      return await (this.#scripts.get(method)?.shift() ?? ((go) => go()))(usual);
    } finally {
      this.#inFlight -= counts;
    }
  }

  async #carryOut(
    method: string,
    payload: Record<string, unknown>,
    signal: AbortSignal | undefined,
  ): Promise<Response> {
    switch (method) {
      case 'sendMessage':
        return this.#show((this.#lastMessageId += 1), payload);
      case 'sendDocument':
        return this.#receiveDocument((this.#lastMessageId += 1), payload);
      case 'editMessageText':
        return this.#edit(Number(payload.message_id), payload);
      case 'deleteMessage':
        return this.#delete(Number(payload.message_id));
      case 'getFile':
        return this.sent.has(String(payload.file_id))
          ? ok({ file_id: payload.file_id, file_path: payload.file_id })
          : refusal(400, 'Bad Request: wrong file_id or the file is temporarily unavailable');
      case 'getUpdates':
        return this.#poll(Number(payload.offset), signal);
      default:
        return ok(true);
    }
  }

  async #download(url: string): Promise<Response> {
    const usual = (): Promise<Response> => {
      const content = this.sent.get(url.slice(url.lastIndexOf('/') + 1));
      return Promise.resolve(
        new Response(content as Uint8Array<ArrayBuffer>, { status: content ? 200 : 404 }),
      );
    };
    return (this.#scripts.get('download')?.shift() ?? ((go) => go()))(usual);
  }

  #show(id: number, { text, entities }: Record<string, unknown>): Response {
    const shown = { text: String(text), entities: JSON.stringify(entities) };
    if (shown.text === '') return refusal(400, 'Bad Request: message text is empty');
    if (Array.from(shown.text).length > 4096) return refusal(400, 'Bad Request: message is too long');
    this.#messages.set(id, shown);
    this.#changed();
    return ok({ message_id: id, text });
  }

  async #receiveDocument(id: number, payload: Record<string, unknown>): Promise<Response> {
    const file = payload[String(payload.document).slice('attach://'.length)];
    if (!(file instanceof File)) return refusal(400, 'Bad Request: there is no document in the request');
    this.documents.push({ name: file.name, content: new Uint8Array(await file.arrayBuffer()) });
    const caption = typeof payload.caption === 'string' ? payload.caption : '';
    return this.#show(id, {
      text: caption === '' ? NO_CAPTION : caption,
      entities: payload.caption_entities,
    });
  }

  #edit(id: number, payload: Record<string, unknown>): Response {
    const old = this.#messages.get(id);
    if (!old) return refusal(400, 'Bad Request: message to edit not found');
    if (old.text === payload.text && old.entities === JSON.stringify(payload.entities)) return notModified();
    return this.#show(id, payload);
  }

  #delete(id: number): Response {
    if (!this.#messages.delete(id)) return refusal(400, 'Bad Request: message to delete not found');
    this.#changed();
    return ok(true);
  }

  /** What is waiting, or else a poll that stays open until it is aborted. */
  async #poll(offset: number, signal: AbortSignal | undefined): Promise<Response> {
    const waiting = this.updates.filter((update) => update.update_id >= offset);
    if (waiting.length > 0) return ok(waiting);
    return new Promise((_resolve, reject) => {
      signal?.addEventListener('abort', () => reject(new DOMException('The poll was aborted', 'AbortError')));
    });
  }

  #changed(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/** @returns the fields and files of a multipart body. */
export async function formOf({ body, headers }: RequestInit): Promise<Record<string, string | File>> {
  const form = { method: 'POST', body: body ?? null, headers: headers ?? {}, duplex: 'half' } as const;
  return parseBody(new Request('http://form', form));
}

function ok(result: unknown): Response {
  return Response.json({ ok: true, result });
}

function refusal(code: number, description: string, parameters?: object): Response {
  return Response.json({ ok: false, error_code: code, description, parameters }, { status: code });
}

function notModified(): Response {
  return refusal(
    400,
    'Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message',
  );
}

/** @returns the answer to a call that Telegram does not carry out. */
export function refused(code: number, description: string): Answer {
  return () => refusal(code, description);
}

/** The group has become a supergroup. */
export function migrated(chatId: string): Answer {
  return () =>
    refusal(400, 'Bad Request: group chat was upgraded to a supergroup chat', {
      migrate_to_chat_id: Number(chatId),
    });
}

export const BLOCKED = refused(403, 'Forbidden: bot was blocked by the user');
export const BROKEN = refused(500, 'Internal Server Error');

/** @param retryAfterSeconds left out of the answer when undefined. */
export function throttled(retryAfterSeconds: number | undefined): Answer {
  return () =>
    refusal(429, `Too Many Requests: retry after ${retryAfterSeconds ?? '…'}`, {
      retry_after: retryAfterSeconds,
    });
}

/** The connection fails, with everything in the error that an HTTP client could put there. */
export const UNREACHABLE: Answer = () => {
  throw connectionError();
};

/** The call is carried out, but its answer is lost. */
export const LOST: Answer = async (usual) => {
  await usual();
  throw connectionError();
};

function connectionError(): Error {
  const url = `https://telegram.test/bot${BOT_TOKEN}/anyMethod`;
  const system = Object.assign(new Error(`connect ECONNREFUSED while calling ${url}`), {
    code: 'ECONNREFUSED',
  });
  return new TypeError(`fetch of ${url} failed`, { cause: system });
}

/** @returns an answer that comes, as usual, once it is released. */
export function held(): { answer: Answer; release: () => void } {
  const gate = Promise.withResolvers<undefined>();
  return {
    answer: async (usual) => {
      await gate.promise;
      return usual();
    },
    release: () => gate.resolve(undefined),
  };
}
