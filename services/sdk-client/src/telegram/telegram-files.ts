// file_id → getFile → its path at Telegram → its bytes
import { MAX_ATTACHMENT_BYTES } from '@omnicloud/protocol';
import type { Api } from 'grammy/web';
import { NetworkError, TelegramError } from '../errors.ts';
import { toTelegramError } from './telegram-chat.ts';

/** A file of the largest size at a slow 300 kB a second. */
const DOWNLOAD_LIMIT_MS = 70_000;

/** Downloads what users sent. */
export interface TelegramFiles {
  /**
   * @returns the file's bytes, 20 MB at most.
   * @throws TelegramError `telegram_refused` when the file cannot be had (any more) or is too large; `telegram_throttled`,
   *   `telegram_failed`, `telegram_unreachable`.
   */
  download(fileId: string): Promise<Uint8Array>;
}

/** @param urlOf the URL of a file's path; it holds the bot's token, so it never gets into an error. */
export function telegramFiles(
  api: Api,
  urlOf: (filePath: string) => string,
  fetchFile: (url: string, init: RequestInit) => Promise<Response> = fetch,
): TelegramFiles {
  return {
    download: async (fileId) => {
      const path = await pathOf(api, fileId);
      const url = urlOf(path.split('/').map(encodeURIComponent).join('/'));
      try {
        const response = await fetchFile(url, {
          redirect: 'error',
          signal: AbortSignal.timeout(DOWNLOAD_LIMIT_MS),
        });
        if (!response.ok) throw statusError(response.status);
        return await contentOf(response);
      } catch (error) {
        if (error instanceof TelegramError) throw error;
        const name = error instanceof Error ? error.name : 'unknown';
        throw new TelegramError('telegram_unreachable', 'Telegram did not send all of a file', {
          cause: new NetworkError(name, undefined),
        });
      }
    },
  };
}

async function pathOf(api: Api, fileId: string): Promise<string> {
  const { file_path: path } = await api.getFile(fileId).catch((error: unknown) => {
    throw toTelegramError(error);
  });
  if (path === undefined || path.split('/').includes('..'))
    throw new TelegramError('telegram_refused', 'Telegram does not say where the file is');
  return path;
}

/** A path is good for an hour and was just given; what is not there now may be there at the next try, but for what is refused for good. */
function statusError(status: number): TelegramError {
  const isGone = status === 400 || status === 403 || status === 404;
  return new TelegramError(
    isGone ? 'telegram_refused' : 'telegram_failed',
    `Telegram answered the download of a file with ${status}`,
  );
}

async function contentOf(response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const body: AsyncIterable<Uint8Array> | Iterable<Uint8Array> = response.body ?? [];
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > MAX_ATTACHMENT_BYTES)
      throw new TelegramError('telegram_refused', `The file is larger than ${MAX_ATTACHMENT_BYTES} bytes`);
    chunks.push(chunk);
  }
  const announced = response.headers.get('content-length');
  if (announced !== null && response.headers.get('content-encoding') === null && Number(announced) !== bytes)
    throw new TelegramError('telegram_unreachable', 'A file broke off');
  return Buffer.concat(chunks);
}
