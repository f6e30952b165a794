import { inspect } from 'node:util';
import { MAX_ATTACHMENT_BYTES } from '@omnicloud/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import type { TelegramError } from '../errors.ts';
import { BOT_TOKEN, BotApi, refused, throttled, UNREACHABLE } from './bot-api.fixture.ts';
import { telegramFiles } from './telegram-files.ts';

let botApi: BotApi;
beforeEach(() => {
  botApi = new BotApi();
  botApi.sent.set('BQAC', new Uint8Array([0, 255, 13]));
});

async function errorOf(downloading: Promise<unknown>): Promise<TelegramError> {
  return downloading.then(
    () => {
      throw new Error('The download succeeded');
    },
    (error: unknown) => error as TelegramError,
  );
}

describe('a file of a user', () => {
  it('is downloaded, byte for byte', async () => {
    expect(new Uint8Array(await botApi.files.download('BQAC'))).toEqual(new Uint8Array([0, 255, 13]));
  });

  it('that Telegram does not know is refused for good', async () => {
    expect(await errorOf(botApi.files.download('unknown'))).toMatchObject({
      code: 'telegram_refused',
      retryable: false,
    });
  });

  it.each([
    ['getFile', throttled(3), { code: 'telegram_throttled', retryAfterMs: 3_000 }],
    ['getFile', UNREACHABLE, { code: 'telegram_unreachable' }],
    ['download', UNREACHABLE, { code: 'telegram_unreachable' }],
    ['download', refused(502, 'Bad Gateway'), { code: 'telegram_failed' }],
    ['download', refused(404, 'Not Found'), { code: 'telegram_refused' }],
  ])('whose %s fails has an error that says what to do, and no token', async (step, answer, expected) => {
    botApi.script(step, answer);
    const error = await errorOf(botApi.files.download('BQAC'));
    expect(error).toMatchObject(expected);
    expect(inspect(error, { depth: null, showHidden: true })).not.toContain(BOT_TOKEN);
  });

  it('that breaks off is not taken for the whole', async () => {
    botApi.script('download', () => new Response('ab', { headers: { 'content-length': '3' } }));
    expect(await errorOf(botApi.files.download('BQAC'))).toMatchObject({ retryable: true });
  });

  it('that is larger than promised is not read on', async () => {
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        pulled += 1_000_000;
        controller.enqueue(new Uint8Array(1_000_000));
      },
    });
    botApi.script('download', () => new Response(endless));
    expect(await errorOf(botApi.files.download('BQAC'))).toMatchObject({ code: 'telegram_refused' });
    expect(pulled).toBeLessThan(MAX_ATTACHMENT_BYTES + 5_000_000);
  });

  it('is looked for nowhere else than below the path of files', async () => {
    const urls: string[] = [];
    const files = telegramFiles(
      botApi.api,
      (path) => `https://telegram.test/file/${path}`,
      (url) => {
        urls.push(url);
        return Promise.resolve(new Response('x'));
      },
    );
    const path = (file_path: string) => () =>
      Response.json({ ok: true, result: { file_id: 'x', file_path } });
    botApi.script('getFile', path('documents/a b?.pdf'), path('../../bot/getMe'));
    await files.download('BQAC');
    expect(urls).toEqual(['https://telegram.test/file/documents/a%20b%3F.pdf']);
    expect(await errorOf(files.download('BQAC'))).toMatchObject({ code: 'telegram_refused' });
  });
});
