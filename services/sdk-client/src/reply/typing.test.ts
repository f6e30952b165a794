import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { TurnTakenOverError } from '../errors.ts';
import { BotApi, BROKEN } from '../telegram/bot-api.fixture.ts';
import { TelegramChat } from '../telegram/telegram-chat.ts';
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
  confirm = (): Promise<void> => Promise.resolve(),
): void {
  const chat = new TelegramChat(botApi.api, {
    chatId: '-1001555666777',
    threadId: null,
    isForum: false,
    replyTo: 42,
    ...place,
  });
  stopTyping = keepTyping(chat, { confirm, onError });
}

function shown(): unknown[] {
  return botApi.payloads('sendChatAction');
}

it('shows typing at once and again before the 5 s of Telegram are over', async () => {
  typeIn();
  expect(shown()).toEqual([{ chat_id: '-1001555666777', action: 'typing' }]);
  for (let seconds = 5; seconds <= 30; seconds += 5) {
    const before = shown().length;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(shown().length).toBeGreaterThan(before);
  }
});

it('stops when it is told to', async () => {
  typeIn();
  await vi.advanceTimersByTimeAsync(8_000);
  const before = shown().length;
  stopTyping();
  await vi.advanceTimersByTimeAsync(60_000);
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
  expect(await firstError).toMatchObject({ code: 'telegram_failed' });
  await vi.advanceTimersByTimeAsync(5_000);
  expect(shown()).toHaveLength(2);
});

it('shows nothing more for a turn that another worker has taken over, and reports that once', async () => {
  const errors: unknown[] = [];
  const overtaken = (): Promise<void> => Promise.reject(new TurnTakenOverError(1));
  typeIn({}, (error) => errors.push(error), overtaken);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(shown()).toHaveLength(1);
  expect(errors).toMatchObject([{ code: 'turn_taken_over' }]);
});
