import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAdaptorServer } from '@hono/node-server';
import type { Message } from 'grammy/types';
import type { BotApiCall, BotApiFault } from '@omnicloud/demo/internal/telegram/calls/bot-api-call.ts';
import { openTelegramStandIn, type TelegramStandIn } from '@omnicloud/demo/internal/telegram/stand-in.ts';

export const BOT_TOKEN = '4200000001:flow-test-token';
export const WEBHOOK_SECRET = 'flow-test-secret';
/** The stand-in's seeded person, chat and forum. */
export const PERSON = 1_000_001;
export const FORUM = -1_001_000_000_001;

/** A Bot API server of the test's own, apart from the system under test, that records what the bot did. */
export interface TelegramServer {
  readonly apiRoot: string;
  readonly standIn: TelegramStandIn;
  readonly calls: readonly BotApiCall[];
  /** Lets calls fail; undefined lets them pass. */
  intercept: ((call: BotApiCall) => BotApiFault | undefined) | undefined;
  /** @returns the first call, past or future, that fits and has not been returned before. */
  waitForCall(fits: (call: BotApiCall) => boolean): Promise<BotApiCall>;
  /** @returns the first message of the bot, past or future, whose text at the moment fits. */
  waitForMessage(chatId: number, fits: (text: string, message: Message) => boolean): Promise<Message>;
  /** @returns the texts that the bot shows in a chat now. */
  botTexts(chatId: number): string[];
  close(): Promise<void>;
}

export async function startTelegramServer(): Promise<TelegramServer> {
  const directory = await mkdtemp(join(tmpdir(), 'omnicloud-telegram-'));
  const calls: BotApiCall[] = [];
  const checks = new Set<() => void>();
  const taken = new Set<BotApiCall>();
  const server: { intercept: TelegramServer['intercept'] } = { intercept: undefined };
  const standIn = openTelegramStandIn({
    directory,
    token: BOT_TOKEN,
    onCall: (call) => void calls.push(call),
    intercept: (call) => server.intercept?.(call),
    // A delivery that fails is what several tests are about; it is delivered again.
    onError: () => undefined,
  });
  const http = createAdaptorServer({
    fetch: async (...request: Parameters<typeof standIn.app.fetch>) => {
      try {
        return await standIn.app.fetch(...request);
      } finally {
        // The call has had its effect: whoever waits looks again.
        for (const check of checks) check();
      }
    },
  });
  if (!(http instanceof Server)) throw new Error('Expected an HTTP/1 server');
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const address = http.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port');

  const botMessages = (chatId: number): Message[] =>
    standIn.messages(chatId).filter((message) => message.from?.is_bot === true);
  const waitFor = <T>(look: () => T | undefined): Promise<T> => {
    const found = look();
    if (found !== undefined) return Promise.resolve(found);
    return new Promise((resolve) => {
      const check = (): void => {
        const now = look();
        if (now === undefined) return;
        checks.delete(check);
        resolve(now);
      };
      checks.add(check);
    });
  };

  return Object.assign(server, {
    apiRoot: `http://127.0.0.1:${address.port}`,
    standIn,
    calls,
    waitForCall: async (fits: (call: BotApiCall) => boolean) => {
      const call = await waitFor(() => calls.find((candidate) => !taken.has(candidate) && fits(candidate)));
      taken.add(call);
      return call;
    },
    waitForMessage: (chatId: number, fits: (text: string, message: Message) => boolean) =>
      waitFor(() => botMessages(chatId).find((message) => fits(message.text ?? '', message))),
    botTexts: (chatId: number) => botMessages(chatId).map((message) => message.text ?? ''),
    close: async () => {
      await standIn.stop();
      const closed = once(http, 'close');
      http.close();
      http.closeAllConnections();
      await closed;
      await rm(directory, { recursive: true });
    },
  });
}
