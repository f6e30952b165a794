import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { Api, GrammyError, HttpError } from 'grammy/web';
import { beforeEach, describe, expect, it } from 'vitest';
import { NetworkError, TelegramError } from '../errors.ts';
import {
  type Answer,
  BLOCKED,
  BOT_TOKEN,
  BotApi,
  BROKEN,
  formOf,
  refused,
  throttled,
  UNREACHABLE,
} from './bot-api.fixture.ts';
import { type ChatPlace, TelegramChat, toTelegramError } from './telegram-chat.ts';

const PLACE: ChatPlace = { chatId: '-1001555666777', threadId: null, isForum: false, replyTo: 42 };
const HELLO = { text: 'hello', entities: [{ type: 'bold' as const, offset: 0, length: 5 }] };

let botApi: BotApi;
beforeEach(() => {
  botApi = new BotApi();
});

function chatAt(place: Partial<ChatPlace> = {}): TelegramChat {
  return new TelegramChat(botApi.api, { ...PLACE, ...place });
}

/** @returns what a chat makes of an answer of Telegram. */
async function errorFrom(answer: Answer): Promise<TelegramError> {
  botApi.script('sendMessage', answer);
  const error: unknown = await chatAt()
    .send(HELLO, { isReply: false })
    .catch((reason: unknown) => reason);
  if (!(error instanceof TelegramError)) throw new Error('No TelegramError', { cause: error });
  return error;
}

describe('a chat', () => {
  it('sends text with its entities, without a link preview', async () => {
    await chatAt().send(HELLO, { isReply: false });
    expect(botApi.calls).toEqual([
      {
        method: 'sendMessage',
        payload: { chat_id: PLACE.chatId, ...HELLO, link_preview_options: { is_disabled: true } },
      },
    ]);
  });

  it('sends a reply that arrives even when the message replied to is gone', async () => {
    await chatAt().send(HELLO, { isReply: true });
    const reply_parameters = { message_id: 42, allow_sending_without_reply: true };
    expect(botApi.payloads('sendMessage')).toMatchObject([{ reply_parameters }]);
  });

  it('sends into the topic, and into the General topic by naming none', async () => {
    await chatAt({ threadId: '4294967297', isForum: true }).send(HELLO, { isReply: false });
    await chatAt({ isForum: true }).send(HELLO, { isReply: false });
    const [topic, general] = botApi.payloads('sendMessage');
    expect(topic).toMatchObject({ message_thread_id: 4_294_967_297 });
    expect(general).not.toHaveProperty('message_thread_id');
  });

  it('edits and deletes the message that it sent', async () => {
    const chat = chatAt();
    const id = await chat.send(HELLO, { isReply: false });
    await chat.edit(id, { text: 'goodbye', entities: [] });
    expect(botApi.screen).toEqual(['goodbye']);
    await chat.delete(id);
    expect(botApi.screen).toEqual([]);
  });

  it('sends a file with a caption as a reply, byte for byte, into the topic', async () => {
    const content = new Uint8Array([0, 13, 10, 45, 45, 255]);
    const caption = { text: 'a file', entities: [{ type: 'bold' as const, offset: 0, length: 1 }] };
    const chat = chatAt({ threadId: '7', isForum: true });
    expect(await chat.sendDocument({ name: 'a-b.tar.gz', content }, caption)).toEqual(expect.any(Number));
    expect(botApi.documents).toEqual([{ name: 'a-b.tar.gz', content }]);
    expect(botApi.payloads('sendDocument')).toMatchObject([
      {
        chat_id: PLACE.chatId,
        message_thread_id: '7',
        caption: 'a file',
        caption_entities: JSON.stringify(caption.entities),
        reply_parameters: JSON.stringify({ message_id: 42, allow_sending_without_reply: true }),
      },
    ]);
  });

  it('sends a file again with a new token when the old one was refused', async () => {
    let token = 'old';
    const files: number[] = [];
    const api = new Api('1:first', {
      apiRoot: 'https://telegram.test',
      buildUrl: (root, _first, method) => `${root}/bot1:${token}/${method}`,
      fetch: async (url: string, init: RequestInit) => {
        const parts = Object.values(await formOf(init));
        files.push(...parts.filter((part) => part instanceof File).map(({ size }) => size));
        return url.endsWith('/bot1:new/sendDocument')
          ? Response.json({ ok: true, result: { message_id: 7 } })
          : Response.json({ ok: false, error_code: 401, description: 'Unauthorized' });
      },
    });
    api.config.use(async (call, method, payload, signal) => {
      const response = await call(method, payload, signal);
      token = 'new';
      return response.ok ? response : call(method, payload, signal);
    });
    const file = { name: 'x', content: new Uint8Array(9) };
    expect(await new TelegramChat(api, PLACE).sendDocument(file, { text: '', entities: [] })).toBe(7);
    expect(files).toEqual([9, 9]);
  });

  it('names no thread for typing in a chat without topics', async () => {
    await chatAt().act('typing');
    expect(botApi.payloads('sendChatAction')).toEqual([{ chat_id: PLACE.chatId, action: 'typing' }]);
  });
});

describe('an error of the Bot API', () => {
  it('401 says that the token was revoked: the answer waits for a new one instead of being dropped', async () => {
    expect(await errorFrom(refused(401, 'Unauthorized'))).toMatchObject({ retryable: true });
  });

  it.each([
    ['400', refused(400, 'Bad Request: chat not found')],
    ['403', BLOCKED],
    ['404', refused(404, 'Not Found')],
  ])('%s is a refusal that will not succeed later', async (code, answer) => {
    const error = await errorFrom(answer);
    expect(error).toMatchObject({ code: 'telegram_refused', retryable: false, retryAfterMs: undefined });
    expect(error.message).toContain(code);
    expect(error.cause).toBeInstanceOf(GrammyError);
  });

  it.each([
    [7, 7_000],
    [0, 0],
    [undefined, 1_000],
  ])('429 with retry_after %s says how long to wait', async (seconds, retryAfterMs) => {
    const error = await errorFrom(throttled(seconds));
    expect(error).toMatchObject({ code: 'telegram_throttled', retryable: true, retryAfterMs });
  });

  it.each([
    ['500', BROKEN, /answered sendMessage with 500/],
    ['a page of a gateway', () => page(502), /answered sendMessage with 502: Bad Gateway/],
    [
      'a page in place of an answer',
      () => page(200),
      /answered sendMessage with 502: a page instead of an answer/,
    ],
  ])('%s is told as what was answered, and may have taken effect', async (_what, answer, said) => {
    const error = await errorFrom(answer);
    expect(error).toMatchObject({ code: 'telegram_failed', retryable: true, mayHaveLanded: true });
    expect(error.message).toMatch(said);
  });

  it('a failed connection means that Telegram is unreachable for now', async () => {
    const expected = { code: 'telegram_unreachable', retryable: true, mayHaveLanded: true };
    expect(await errorFrom(UNREACHABLE)).toMatchObject(expected);
  });

  it('keeps the name and the system code of what broke the connection', async () => {
    const { cause } = await errorFrom(UNREACHABLE);
    expect(cause).toBeInstanceOf(NetworkError);
    expect(cause).toMatchObject({ code: 'ECONNREFUSED', message: 'The network call failed with Error' });
  });

  it('keeps the name and the system code of a real refused connection', async () => {
    const server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    await once(server.close(), 'close');
    const api = new Api(BOT_TOKEN, { apiRoot: `http://127.0.0.1:${port}` });
    const error: unknown = await new TelegramChat(api, PLACE)
      .act('typing')
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'telegram_unreachable', cause: { code: 'ECONNREFUSED' } });
    expect(inspect(error, { depth: null, showHidden: true })).not.toContain(BOT_TOKEN);
  });

  it.each([BLOCKED, BROKEN, throttled(1), UNREACHABLE])(
    'does not hold the bot token anywhere, nor do its causes',
    async (answer) => {
      const error = await errorFrom(answer);
      expect(inspect(error, { depth: null, showHidden: true })).not.toContain(BOT_TOKEN);
      for (let link: unknown = error; link instanceof Error; link = link.cause) {
        expect(`${link.message}${link.stack}${JSON.stringify(link)}`).not.toContain(BOT_TOKEN);
      }
    },
  );
});

describe('toTelegramError', () => {
  it('copes with causes that are no errors or go round in a circle', () => {
    const circle = new Error('round', { cause: undefined });
    circle.cause = new TypeError('and round', { cause: circle });
    for (const cause of [circle, 'text', undefined, new DOMException('aborted', 'AbortError')]) {
      expect(toTelegramError(new HttpError('failed', cause))).toMatchObject({ code: 'telegram_unreachable' });
    }
  });

  it('throws what is none of grammY’s errors as it is', () => {
    const bug = new RangeError('a bug');
    expect(() => toTelegramError(bug)).toThrow(bug);
  });
});

function page(status: number): Response {
  const headers = { 'content-type': 'text/html' };
  return new Response('<h1>A page</h1>', {
    status,
    statusText: status === 502 ? 'Bad Gateway' : 'OK',
    headers,
  });
}
