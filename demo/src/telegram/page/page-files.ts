import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { HTTPException } from 'hono/http-exception';
import type { Message } from 'grammy/types';
import { z } from 'zod';
import { MAX_DOWNLOAD_BYTES } from '../methods/file-methods.ts';
import type { FileStore } from '../store/file-store.ts';
import { imageType } from '../text/image-type.ts';
import type { NewFile, UploadedFile } from '../page-api.ts';
import type { UploadStore } from '../store/upload-store.ts';
import type { UserFile } from './user-files.ts';

/** A file within the body of a new message. */
export const newFile: z.ZodType<NewFile> = z.object({
  upload_id: z.string(),
  name: z.string().min(1).max(255),
  media_type: z.string().max(255),
  as: z.enum(['photo', 'document']),
});

interface Parts {
  files: FileStore;
  uploads: UploadStore;
  /** @throws HTTPException 400 when the path names no message. */
  messageOf: (path: Record<string, string>) => Message | undefined;
}

/** @returns how the page hands over files, and how it gets those of messages. */
export function createPageFiles({ files, uploads, messageOf }: Parts): Hono {
  const app = new Hono();

  const limit = bodyLimit({
    // What the bot could not download is not taken in the first place.
    maxSize: MAX_DOWNLOAD_BYTES,
    onError: () => {
      throw new HTTPException(413, { message: 'The file is too large' });
    },
  });
  app.post('/page/files', limit, async (context) => {
    // Nothing a form on another site could send without asking first.
    if (context.req.header('content-type') !== 'application/octet-stream') {
      throw new HTTPException(400, { message: 'The body has to be application/octet-stream' });
    }
    const content = new Uint8Array(await context.req.arrayBuffer());
    return context.json<UploadedFile>({ upload_id: uploads.add(content) });
  });

  app.get('/page/chats/:chat_id/messages/:message_id/document', (context) => {
    const message = messageOf(context.req.param());
    const content = message && files.ofMessage(message);
    if (!content) throw new HTTPException(404, { message: 'There is no such file' });
    return context.body(content, 200, downloadHeaders(message.document?.file_name ?? 'photo.jpg'));
  });

  app.get('/page/chats/:chat_id/messages/:message_id/picture', (context) => {
    const message = messageOf(context.req.param());
    const content = message && files.ofMessage(message);
    const type = content && imageType(content);
    if (!type) throw new HTTPException(404, { message: 'There is no such picture' });
    // The page's address for it names the file, which never changes.
    const cache = { 'Cache-Control': 'private, max-age=31536000, immutable' };
    return context.body(content, 200, { 'Content-Type': type, 'Content-Disposition': 'inline', ...cache });
  });

  return app;
}

/** @returns the files of a new message. @throws HTTPException 400 when one was not handed over (any more). */
export function uploadedFiles(given: readonly NewFile[], uploads: UploadStore): UserFile[] {
  return given.map(({ upload_id: id, name, media_type: mediaType, as }) => {
    const content = uploads.content(id);
    if (!content) throw new HTTPException(400, { message: `The file ${name} has to be sent again` });
    return { name, mediaType: mediaType || 'application/octet-stream', content, as };
  });
}

/** Whatever is in the file, the browser saves it and runs nothing of it. */
function downloadHeaders(name: string): Record<string, string> {
  const ascii = name.replaceAll(/[^ -~]|["%\\]/g, '_');
  const encoded = encodeURIComponent(name.toWellFormed()).replaceAll(
    /['()*]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16)}`,
  );
  return {
    'Content-Type': 'application/octet-stream',
    'Content-Disposition': `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`,
    'Cache-Control': 'private, no-store',
  };
}
