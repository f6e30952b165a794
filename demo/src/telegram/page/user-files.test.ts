import type { File as BotFile, Message, Update } from 'grammy/types';
import { describe, expect, it } from 'vitest';
import type { BotApiCall } from '../calls/bot-api-call.ts';
import { ConnectionCutError } from '../calls/bot-api-app.ts';
import { jpegOf, pngOf } from '../images.fixture.ts';
import { callBot, IDEAS_ID, openForTest, PERSON_ID, TEAM_ID, TOKEN } from '../stand-in.fixture.ts';
import type { TelegramStandIn } from '../stand-in.ts';
import type { UserFile } from './user-files.ts';

const MEGABYTE = 1024 * 1024;
const CONTENT = new Uint8Array(70_000).map((_, index) => index % 251);

function document(name = 'report.pdf', content = CONTENT): UserFile {
  return { name, mediaType: 'application/pdf', content };
}

function photo(content: Uint8Array, mediaType = 'image/jpeg'): UserFile {
  return { name: 'holiday.jpg', mediaType, content, as: 'photo' };
}

/** @returns what the bot is told. */
async function received(standIn: TelegramStandIn): Promise<Message[]> {
  const { result } = await callBot<Update[]>(standIn, 'getUpdates');
  return result.flatMap(({ message }) => message ?? []);
}

async function whereIs(standIn: TelegramStandIn, fileId = ''): Promise<BotFile> {
  return (await callBot<BotFile>(standIn, 'getFile', { file_id: fileId })).result;
}

async function download(standIn: TelegramStandIn, path = '', token = TOKEN): Promise<Response> {
  return standIn.app.request(`/file/bot${token}/${path}`);
}

async function bytesOf(response: Response): Promise<Uint8Array> {
  expect(response.status).toBe(200);
  return new Uint8Array(await response.arrayBuffer());
}

describe('files that somebody sends', () => {
  it('reach the bot as a document with its caption, and are downloaded byte for byte', async () => {
    const standIn = openForTest();
    const asked = standIn.sendAsUser({ chat_id: TEAM_ID, thread_id: IDEAS_ID, text: 'a moment' });
    standIn.sendAsUser({
      chat_id: TEAM_ID,
      thread_id: IDEAS_ID,
      reply_to_message_id: asked.message_id,
      text: '/new read this',
      files: [document('报告 final, "v2".pdf')],
    });
    const [, message] = await received(standIn);
    expect(message).toMatchObject({
      message_thread_id: IDEAS_ID,
      reply_to_message: { message_id: asked.message_id },
      caption: '/new read this',
      caption_entities: [{ type: 'bot_command', offset: 0, length: 4 }],
      document: {
        file_name: '报告 final, _v2_.pdf',
        mime_type: 'application/pdf',
        file_size: CONTENT.length,
      },
    });
    expect(message).not.toHaveProperty('text');
    expect(message).not.toHaveProperty('media_group_id');
    const file = await whereIs(standIn, message?.document?.file_id);
    const { file_id, file_unique_id, file_size } = message?.document ?? {};
    expect(file).toEqual({ file_id, file_unique_id, file_size, file_path: file.file_path });
    expect(file.file_path).toMatch(/^documents\/[\w-]+$/);
    expect(await bytesOf(await download(standIn, file.file_path))).toEqual(CONTENT);
  });

  it.each([
    ['JPEG', jpegOf(640, 480)],
    ['PNG', pngOf(640, 480)],
  ])('are a photo when sent as one: %s', async (_, content) => {
    const standIn = openForTest();
    standIn.sendAsUser({ chat_id: PERSON_ID, files: [photo(content)] });
    const [message] = await received(standIn);
    expect(message?.photo).toMatchObject([{ width: 640, height: 480, file_size: content.length }]);
    for (const absent of ['document', 'caption', 'text']) expect(message).not.toHaveProperty(absent);
    const { file_path } = await whereIs(standIn, message?.photo?.[0]?.file_id);
    expect(file_path).toMatch(/^photos\/[\w-]+$/);
    expect(await bytesOf(await download(standIn, file_path))).toEqual(content);
  });

  it('are an update each when sent at once: photos and documents in albums of their own', async () => {
    const standIn = openForTest();
    const first = standIn.sendAsUser({
      chat_id: PERSON_ID,
      text: 'all of these',
      files: [
        document('a.pdf'),
        photo(jpegOf(1, 2)),
        document('b.pdf'),
        photo(jpegOf(3, 4)),
        document('c.pdf'),
      ],
    });
    const messages = await received(standIn);
    expect(messages.map((message) => message.document?.file_name ?? message.photo?.[0]?.width)).toEqual([
      1,
      3,
      'a.pdf',
      'b.pdf',
      'c.pdf',
    ]);
    const captions = messages.map(({ caption }) => caption);
    expect(captions).toEqual(['all of these', undefined, undefined, undefined, undefined]);
    const [photos, otherPhoto, ...documents] = messages.map((message) => message.media_group_id);
    expect(photos).toMatch(/^\d+$/);
    expect(otherPhoto).toBe(photos);
    expect(new Set(documents).size).toBe(1);
    expect(documents[0]).not.toBe(photos);
    expect(first.message_id).toBe(messages[0]?.message_id);
  });

  it('survive a restart, and are forgotten with their message', async () => {
    const first = openForTest();
    first.sendAsUser({ chat_id: PERSON_ID, files: [document()] });
    first.sendAsUser({ chat_id: PERSON_ID, files: [photo(pngOf(5, 5))] });
    const messages = await received(first);
    await first.stop();
    const second = openForTest({ directory: first.directory });
    for (const { message_id, ...message } of messages) {
      const fileId = message.document?.file_id ?? message.photo?.[0]?.file_id;
      const { file_path } = await whereIs(second, fileId);
      expect((await download(second, file_path)).status).toBe(200);
      await callBot(second, 'deleteMessage', { chat_id: PERSON_ID, message_id });
      expect((await download(second, file_path)).status).toBe(404);
    }
  });

  it('make room for newer ones, the oldest first', async () => {
    const standIn = openForTest({ maxStoredBytes: 2.5 * MEGABYTE });
    for (const name of ['1', '2', '3']) {
      standIn.sendAsUser({ chat_id: PERSON_ID, files: [document(name, new Uint8Array(MEGABYTE))] });
    }
    const ids = (await received(standIn)).map((message) => message.document?.file_id);
    expect(await callBot(standIn, 'getFile', { file_id: ids[0] })).toMatchObject({
      error_code: 400,
      description: 'Bad Request: wrong file_id or the file is temporarily unavailable',
    });
    for (const id of ids.slice(1)) expect((await whereIs(standIn, id)).file_size).toBe(MEGABYTE);
  });

  it.each([
    [[], undefined, 'message text is empty'],
    [[document('a', new Uint8Array())], 'x', 'file must be non-empty'],
    [[document(), photo(CONTENT)], 'x', 'IMAGE_PROCESS_FAILED'],
    [[photo(pngOf(0, 5))], 'x', 'IMAGE_PROCESS_FAILED'],
    [[photo(jpegOf(5, 5).subarray(0, 10))], 'x', 'IMAGE_PROCESS_FAILED'],
    [[document()], 'x'.repeat(1025), 'message caption is too long'],
    [Array.from({ length: 11 }, () => document()), 'x', 'too many files in the message'],
  ])('are refused as a whole when one cannot be sent: %#', (files, text, reason) => {
    const standIn = openForTest();
    const message = { chat_id: PERSON_ID, files, ...(text !== undefined && { text }) };
    expect(() => standIn.sendAsUser(message)).toThrow(
      expect.objectContaining({ errorCode: 400, message: reason }) as Error,
    );
    expect(standIn.messages(PERSON_ID)).toEqual([]);
  });
});

describe('getFile', () => {
  it.each([
    [{}, 'file_id not specified'],
    [{ file_id: '' }, 'file_id not specified'],
    [{ file_id: '../telegram.sqlite' }, 'invalid file_id'],
    [{ file_id: `BQAC${'x'.repeat(40)}` }, 'wrong file_id or the file is temporarily unavailable'],
  ])('refuses %j', async (payload, reason) => {
    expect(await callBot(openForTest(), 'getFile', payload)).toEqual({
      ok: false,
      error_code: 400,
      description: `Bad Request: ${reason}`,
    });
  });

  it('takes files of up to 20 MB', async () => {
    const standIn = openForTest();
    for (const size of [20 * MEGABYTE, 20 * MEGABYTE + 1]) {
      standIn.sendAsUser({ chat_id: PERSON_ID, files: [document('big', new Uint8Array(size))] });
    }
    const [fits, tooBig] = (await received(standIn)).map((message) => message.document?.file_id);
    expect((await whereIs(standIn, fits)).file_size).toBe(20 * MEGABYTE);
    expect(await callBot(standIn, 'getFile', { file_id: tooBig })).toEqual({
      ok: false,
      error_code: 400,
      description: 'Bad Request: file is too big',
    });
  });
});

describe('the download', () => {
  it('is refused with a wrong token, and finds nothing at another path', async () => {
    const standIn = openForTest();
    standIn.sendAsUser({ chat_id: PERSON_ID, files: [document()] });
    const [message] = await received(standIn);
    const { file_path: path = '' } = await whereIs(standIn, message?.document?.file_id);
    const refused = await download(standIn, path, '1:wrong');
    expect(refused.status).toBe(401);
    expect(await refused.json()).toEqual({ ok: false, error_code: 401, description: 'Unauthorized' });
    for (const other of [path.replace('documents', 'photos'), `${path}x`, 'a/../b', '..%2Ftelegram.sqlite']) {
      const missing = await download(standIn, other);
      expect(missing.status).toBe(404);
      expect(await missing.json()).toEqual({ ok: false, error_code: 404, description: 'Not Found' });
    }
  });

  it('is told to who watches the calls, and may be let fail', async () => {
    const calls: BotApiCall[] = [];
    const faults = [{ status: 502, body: 'Bad Gateway' }, 'drop'] as const;
    const standIn = openForTest({
      onCall: (call) => calls.push(call),
      intercept: () => faults[calls.length - 1],
    });
    const failed = await download(standIn, 'documents/x');
    expect([failed.status, await failed.text()]).toEqual([502, 'Bad Gateway']);
    await expect(download(standIn, 'documents/x')).rejects.toThrow(ConnectionCutError);
    expect(calls).toMatchObject([
      { method: 'downloadFile', payload: { file_path: 'documents/x' } },
      { method: 'downloadFile' },
    ]);
  });
});
