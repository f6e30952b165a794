import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { BotApi, BROKEN } from './bot-api.fixture.ts';
import { TelegramChat } from './telegram-chat.ts';
import { keepTyping } from './typing.ts';

let botApi: BotApi;
let stopTyping: () => void;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  botApi = new BotApi();
});
afterEach(() => {
  stopTyping();
  vi.useRealTimers();
});

/** Shows typing; an error fails the test unless it is expected. */
function typeIn(
  place: { threadId?: string; isForum?: boolean } = {},
  onError: (error: unknown) => void = (error) => expect.unreachable(String(error)),
): void {
  const chat = new TelegramChat(botApi.api, {
    chatId: '-1001555666777',
    threadId: null,
    isForum: false,
    replyTo: 42,
    ...place,
  });
  stopTyping = keepTyping(chat, onError);
}

function shown(): unknown[] {
  return botApi.payloads('sendChatAction');
}

it('shows typing at once and again before the 5 s of Telegram are over', () => {
  typeIn();
  expect(shown()).toEqual([{ chat_id: '-1001555666777', action: 'typing' }]);
  for (let seconds = 5; seconds <= 30; seconds += 5) {
    const before = shown().length;
    vi.advanceTimersByTime(5_000);
    expect(shown().length).toBeGreaterThan(before);
  }
});

it('stops when it is told to', () => {
  typeIn();
  vi.advanceTimersByTime(8_000);
  const before = shown().length;
  stopTyping();
  vi.advanceTimersByTime(60_000);
  expect(shown()).toHaveLength(before);
});

it('shows typing in the topic', () => {
  typeIn({ threadId: '7', isForum: true });
  expect(shown()).toMatchObject([{ message_thread_id: 7 }]);
});

it('shows typing in the General topic, which it must name although messages there name none', () => {
  typeIn({ isForum: true });
  expect(shown()).toMatchObject([{ message_thread_id: 1 }]);
});

it('reports a call that fails and goes on', async () => {
  botApi.script('sendChatAction', BROKEN);
  const firstError = new Promise((resolve) => typeIn({}, resolve));
  expect(await firstError).toMatchObject({ code: 'telegram_unreachable' });
  vi.advanceTimersByTime(5_000);
  expect(shown()).toHaveLength(2);
});
