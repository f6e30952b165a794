import type { NewFile, PageError, UploadedFile } from '../../src/telegram/page-api.ts';
import { ApiError, UNREACHABLE } from '../api.ts';
import { shownName } from '../messages/formats.ts';
import { t } from '../language/i18n.ts';
import { asPhoto } from './photo.ts';

/** No status of HTTP: the file was lost before the server was asked. */
const UNREADABLE = -1;

/** A file that is to be sent. */
export interface Attached {
  file: File;
  /** Made smaller and nameless, as Telegram's apps send photos. */
  isPhoto: boolean;
}

/**
 * Hands files over to the server, one after another.
 * @param onProgress told the part of all bytes that is through, from 0 to 1.
 * @returns how the message names them.
 * @throws ApiError when the server refuses one or cannot be reached, or a file cannot be read any more; the signal's reason.
 */
export async function upload(
  files: readonly Attached[],
  onProgress: (part: number) => void,
  signal: AbortSignal,
): Promise<NewFile[]> {
  const total = files.reduce((sum, { file }) => sum + file.size, 0);
  let before = 0;
  const handedOver: NewFile[] = [];
  for (const { file, isPhoto } of files) {
    const photo = isPhoto ? await asPhoto(file) : undefined;
    const content = await bytesOf(photo ?? file, file.name);
    const through = before;
    const { upload_id } = await post(
      content,
      (part) => onProgress((through + part * file.size) / total),
      signal,
    );
    handedOver.push({
      upload_id,
      name: file.name,
      media_type: file.type,
      as: photo ? 'photo' : 'document',
    });
    before += file.size;
  }
  return handedOver;
}

async function bytesOf(content: Blob, name: string): Promise<ArrayBuffer> {
  try {
    return await content.arrayBuffer();
  } catch (error) {
    throw new ApiError(UNREADABLE, t('unreadable', { name: shownName(name) }), { cause: error });
  }
}

/** `fetch` does not tell how much of a body is through. */
function post(
  body: ArrayBuffer,
  onProgress: (part: number) => void,
  signal: AbortSignal,
): Promise<UploadedFile> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const stop = (): void => request.abort();
    const settle = (outcome: () => void) => (): void => {
      signal.removeEventListener('abort', stop);
      outcome();
    };
    request.open('POST', '/page/files');
    request.setRequestHeader('Content-Type', 'application/octet-stream');
    request.upload.addEventListener('progress', ({ loaded }) => onProgress(loaded / body.byteLength));
    request.addEventListener(
      'load',
      settle(() => {
        if (request.status === 200) resolve(JSON.parse(request.responseText) as UploadedFile);
        else reject(new ApiError(request.status, refusal(request)));
      }),
    );
    request.addEventListener(
      'error',
      settle(() => reject(new ApiError(UNREACHABLE, t('unreachable')))),
    );
    request.addEventListener(
      'abort',
      settle(() => reject(signal.reason as Error)),
    );
    signal.addEventListener('abort', stop);
    if (signal.aborted) reject(signal.reason as Error);
    else request.send(body);
  });
}

function refusal(request: XMLHttpRequest): string {
  if (!request.getResponseHeader('Content-Type')?.includes('json')) return `HTTP ${request.status}`;
  return (JSON.parse(request.responseText) as PageError).error.message;
}
