import type { Message, Update } from 'grammy/types';
import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import * as pageLimits from '../../../web/composer/file-limits.ts';
import { createPageApp } from '../../page/page-app.ts';
import { MAX_DOWNLOAD_BYTES } from '../methods/file-methods.ts';
import { jpegOf, pngOf } from '../images.fixture.ts';
import type { NewFile, NewMessage, PageError, UploadedFile } from '../page-api.ts';
import { callBot, jsonPost, openForTest, PERSON_ID, serveForTest, TOKEN } from '../stand-in.fixture.ts';
import type { TelegramStandIn } from '../stand-in.ts';
import { MAX_FILES } from './user-files.ts';

const MEGABYTE = 1024 * 1024;
const SEND_PATH = `/page/chats/${PERSON_ID}/messages`;
const SVG = new TextEncoder().encode(
  '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
);
const HEADERS = { 'content-type': 'application/octet-stream' };

async function handOver(standIn: TelegramStandIn, content: Uint8Array): Promise<Response> {
  return standIn.app.request('/page/files', { method: 'POST', headers: HEADERS, body: Buffer.from(content) });
}

async function uploaded(
  standIn: TelegramStandIn,
  content: Uint8Array,
  file: Partial<NewFile>,
): Promise<NewFile> {
  const { upload_id } = (await (await handOver(standIn, content)).json()) as UploadedFile;
  return { upload_id, name: 'a.txt', media_type: 'text/plain', as: 'document', ...file };
}

async function send(standIn: TelegramStandIn, message: NewMessage): Promise<Response> {
  return standIn.app.request(SEND_PATH, jsonPost(message));
}

describe('files that the page sends', () => {
  it('are handed over one by one, and become messages together', async () => {
    const standIn = openForTest();
    const files = [
      await uploaded(standIn, new Uint8Array(MEGABYTE), { name: '报告.pdf', media_type: 'application/pdf' }),
      await uploaded(standIn, new Uint8Array([1]), { name: 'unknown', media_type: '' }),
      await uploaded(standIn, jpegOf(30, 20), { name: 'a.jpg', as: 'photo' }),
    ];
    const sent = (await (await send(standIn, { text: 'look', files })).json()) as Message;
    expect(sent).toMatchObject({ caption: 'look', photo: [{ width: 30, height: 20 }] });
    const { result } = await callBot<Update[]>(standIn, 'getUpdates');
    expect(result.map(({ message }) => message?.document)).toMatchObject([
      undefined,
      { file_name: '报告.pdf', mime_type: 'application/pdf', file_size: MEGABYTE },
      { file_name: 'unknown', mime_type: 'application/octet-stream', file_size: 1 },
    ]);
    const again = await send(standIn, { text: 'again', files });
    expect(again.status).toBe(400);
  });

  it('can be sent again after a refusal, but not after a restart', async () => {
    const first = openForTest();
    const files = [await uploaded(first, new Uint8Array([1]), {})];
    expect((await send(first, { text: 'x'.repeat(1025), files })).status).toBe(400);
    expect((await send(first, { text: 'x', files })).status).toBe(200);
    const lost = [await uploaded(first, new Uint8Array([1]), {})];
    await first.stop();
    const response = await send(openForTest({ directory: first.directory }), { text: 'x', files: lost });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      error: { message: 'The file a.txt has to be sent again' },
    } satisfies PageError);
  });

  it('are forgotten when their page gave them up: the oldest once there are many', async () => {
    const standIn = openForTest();
    const files: NewFile[] = [];
    for (let count = 0; count < 21; count += 1) {
      files.push(await uploaded(standIn, new Uint8Array([1]), {}));
    }
    expect((await send(standIn, { text: '', files: files.slice(0, 1) })).status).toBe(400);
    expect((await send(standIn, { text: '', files: files.slice(1, 11) })).status).toBe(200);
  });

  it('are bounded on the page as they are here', () => {
    expect([pageLimits.MAX_FILE_BYTES, pageLimits.MAX_FILES]).toEqual([MAX_DOWNLOAD_BYTES, MAX_FILES]);
  });

  it('are at most 20 MB each', async () => {
    const origin = await serveForTest(openForTest().app);
    for (const [size, status] of [
      [20 * MEGABYTE, 200],
      [20 * MEGABYTE + 1, 413],
    ] as const) {
      const body = new Uint8Array(size);
      const response = await fetch(`${origin}/page/files`, { method: 'POST', headers: HEADERS, body });
      expect(response.status).toBe(status);
    }
  });

  it('may be given up on the way, which is no failure', async () => {
    // What a test's stand-in reports as a failure fails the test.
    const standIn = openForTest();
    const cut = new Error('aborted');
    const body = new ReadableStream({ pull: (controller) => controller.error(cut) });
    const signal = AbortSignal.abort(cut);
    const init = { method: 'POST', headers: HEADERS, body, signal, duplex: 'half' } as const;
    const response = await standIn.app.request(new Request('http://localhost/page/files', init));
    expect(response.ok).toBe(false);
  });

  it('are taken in no form that another site could send', async () => {
    const standIn = openForTest();
    for (const type of ['text/plain', 'multipart/form-data; boundary=x', undefined]) {
      const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type };
      const response = await standIn.app.request('/page/files', { method: 'POST', headers, body: 'x' });
      expect(response.status).toBe(400);
    }
  });

  it.each([
    [{ name: '' }, 'name'],
    [{ as: 'sticker' }, 'as'],
    [{ upload_id: 'none' }, 'has to be sent again'],
  ])('are refused as %j', async (given, reason) => {
    const standIn = openForTest();
    const file = { ...(await uploaded(standIn, new Uint8Array([1]), {})), ...given };
    const response = await standIn.app.request(SEND_PATH, jsonPost({ text: '', files: [file] }));
    expect(response.status).toBe(400);
    expect(((await response.json()) as PageError).error.message).toContain(reason);
  });
});

describe('a picture on the page', () => {
  const pictureOf = async (standIn: TelegramStandIn, { message_id: id }: Message): Promise<Response> =>
    standIn.app.request(`${SEND_PATH}/${id}/picture`);

  it.each([
    ['image/png', pngOf(3, 4), 'photo'],
    ['image/jpeg', jpegOf(3, 4), 'document'],
    ['image/gif', new TextEncoder().encode('GIF89a…'), 'document'],
    ['image/webp', new TextEncoder().encode('RIFF1234WEBP'), 'document'],
  ] as const)('is shown as %s because of its bytes, whatever it is called', async (type, content, as) => {
    const standIn = openForTest();
    const file = { name: 'evil.html', mediaType: 'text/html', content, as };
    const response = await pictureOf(standIn, standIn.sendAsUser({ chat_id: PERSON_ID, files: [file] }));
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({ 'content-type': type });
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(content);
  });

  it.each([
    ['picture.svg', 'image/svg+xml', SVG],
    ['picture.png', 'image/png', SVG],
    ['picture.webp', 'image/webp', new TextEncoder().encode('<scr1234WEBP')],
    ['page.html', 'text/html', new TextEncoder().encode('<script>alert(1)</script>')],
  ])('is never %s: that is saved only', async (name, mediaType, content) => {
    const standIn = openForTest();
    const files = [{ name, mediaType, content }];
    const sent = standIn.sendAsUser({ chat_id: PERSON_ID, files });
    expect((await pictureOf(standIn, sent)).status).toBe(404);
    const saved = await standIn.app.request(`${SEND_PATH}/${sent.message_id}/document`);
    expect(saved.headers.get('content-type')).toBe('application/octet-stream');
    expect(saved.headers.get('content-disposition')).toMatch(/^attachment;/);
  });

  it('of the bot is known by its bytes, of which the bot may say nothing', async () => {
    const standIn = openForTest();
    const form = new FormData();
    form.set('chat_id', String(PERSON_ID));
    form.set('document', new File([Buffer.from(pngOf(1, 1))], 'chart.png'));
    await standIn.app.request(`/bot${TOKEN}/sendDocument`, { method: 'POST', body: form });
    expect(standIn.messages(PERSON_ID)[0]?.document?.mime_type).toBe('image/png');
  });

  it('runs nothing and is for this page alone, also where the page itself is served', async () => {
    const standIn = openForTest();
    const files = [{ name: 'a.png', mediaType: 'image/png', content: pngOf(1, 1) }];
    const { message_id: id } = standIn.sendAsUser({ chat_id: PERSON_ID, files });
    const info = { model: { kind: 'demo', name: 'demo-1' }, shell: false, version: '1.2.3' } as const;
    const whole = new Hono().route('/', createPageApp(info)).route('/', standIn.app);
    for (const path of [`${SEND_PATH}/${id}/picture`, `${SEND_PATH}/${id}/document`, '/page/state']) {
      const { headers } = await whole.request(path);
      const policy = headers
        .get('content-security-policy')
        ?.split('; ')
        .map((part) => part.trim());
      expect(policy).toEqual(["default-src 'none'", 'sandbox']);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
    }
  });
});
