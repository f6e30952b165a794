import { parseBody } from 'hono/utils/body';
import { badRequest } from './bot-api-error.ts';

/**
 * Reads a multipart body; files are `File` objects.
 * @param mediaType with the boundary.
 * @throws BotApiError 400 when it is not of that form.
 */
export async function readMultipart(
  mediaType: string,
  body: ArrayBuffer,
): Promise<Record<string, string | File>> {
  try {
    const headers = { 'content-type': mediaType };
    const form = new Request('http://form', { method: 'POST', headers, body: quoted(mediaType, body) });
    return await parseBody(form);
  } catch (error) {
    throw badRequest("can't parse the multipart body", { cause: error });
  }
}

/** Telegram takes a file's name without quotes, as grammY writes it, whatever is in it; the parser here wants them. */
function quoted(mediaType: string, body: ArrayBuffer): Uint8Array<ArrayBuffer> {
  const boundary = /boundary="?([^";]+)/.exec(mediaType)?.[1] ?? '';
  const head = `(?:^|\r\n)--${boundary.replaceAll(/[^\w-]/g, String.raw`\$&`)}\r\n`;
  const disposition = new RegExp(
    `(${head}content-disposition: ?form-data;[^\r"]*"[^\r"]*"; ?filename=)([^"\r][^\r]*)`,
    'gi',
  );
  // One character for each byte, so that nothing in a file changes.
  const text = Buffer.from(body).toString('latin1');
  const repaired = text.replace(disposition, (_, before: string, name: string) => {
    return `${before}"${name.replaceAll('"', '%22')}"`;
  });
  return new Uint8Array(Buffer.from(repaired, 'latin1'));
}
