import { Api, InputFile } from 'grammy/web';
import type { Message } from 'grammy/types';
import { describe, expect, it } from 'vitest';
import {
  type BotAnswer,
  callBot,
  IDEAS_ID,
  openForTest,
  PERSON_ID,
  serveForTest,
  TEAM_ID,
  TOKEN,
} from './stand-in.fixture.ts';
import type { TelegramStandIn } from './stand-in.ts';

const CONTENT = new Uint8Array(70_000).map((_, index) => index % 251);

/** Sends a form as it is. */
async function upload(
  standIn: TelegramStandIn,
  fields: Readonly<Record<string, string | File>>,
): Promise<BotAnswer<Message>> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  const response = await standIn.app.request(`/bot${TOKEN}/sendDocument`, { method: 'POST', body: form });
  return (await response.json()) as BotAnswer<Message>;
}

async function download(standIn: TelegramStandIn, { chat, message_id: id }: Message): Promise<Response> {
  return standIn.app.request(`/page/chats/${chat.id}/messages/${id}/document`);
}

async function bytesOf(response: Response): Promise<Uint8Array> {
  expect(response.status).toBe(200);
  return new Uint8Array(await response.arrayBuffer());
}

function someFile(name = 'a.md'): File {
  return new File([CONTENT], name, { type: 'text/markdown' });
}

describe('sendDocument', () => {
  it.each(['session.tar.gz', 'Bericht 2026, "neu".pdf', '报告;最终版.pdf'])(
    'takes %s from a client of the Bot API, and gives it back byte for byte',
    async (name) => {
      const standIn = openForTest();
      const api = new Api(TOKEN, { apiRoot: await serveForTest(standIn.app) });
      const asked = standIn.sendAsUser({ chat_id: TEAM_ID, thread_id: IDEAS_ID, text: '/export' });
      const sent = await api.sendDocument(TEAM_ID, new InputFile(CONTENT, name), {
        caption: 'all of it',
        caption_entities: [{ type: 'bold', offset: 0, length: 3 }],
        message_thread_id: IDEAS_ID,
        reply_parameters: { message_id: asked.message_id, allow_sending_without_reply: true },
      });
      expect(sent).toMatchObject({
        from: { is_bot: true },
        message_thread_id: IDEAS_ID,
        is_topic_message: true,
        reply_to_message: { message_id: asked.message_id },
        document: { file_size: CONTENT.length, mime_type: 'application/octet-stream' },
        caption: 'all of it',
        caption_entities: [{ type: 'bold', offset: 0, length: 3 }],
      });
      // A quote has no place in a name: it is sent escaped.
      expect(sent.document.file_name).toBe(name.replaceAll('"', '_'));
      expect(sent).not.toHaveProperty('text');
      expect(await bytesOf(await download(standIn, sent))).toEqual(CONTENT);
    },
  );

  it('takes a file that is the parameter itself, and no caption', async () => {
    const { result } = await upload(openForTest(), { chat_id: String(PERSON_ID), document: someFile() });
    expect(result.document).toMatchObject({ file_name: 'a.md', mime_type: 'text/markdown' });
    expect(result).not.toHaveProperty('caption');
  });

  it('keeps files when the process ends, and forgets one with its message', async () => {
    const first = openForTest();
    const { result } = await upload(first, { chat_id: String(PERSON_ID), document: someFile() });
    await first.stop();
    const second = openForTest({ directory: first.directory });
    expect(await bytesOf(await download(second, result))).toEqual(CONTENT);
    await callBot(second, 'deleteMessage', { chat_id: PERSON_ID, message_id: result.message_id });
    expect((await download(second, result)).status).toBe(404);
  });

  it.each([
    [{}, 'there is no document in the request'],
    [{ document: 'attach://x' }, 'there is no document in the request'],
    [{ document: 'BQACAgIAAxkBAAI' }, 'wrong file identifier/HTTP URL specified'],
    [{ document: new File([], 'a') }, 'file must be non-empty'],
    [{ document: someFile(), caption: 'x'.repeat(1_025) }, 'message caption is too long'],
    [{ document: someFile(), caption: 'x', caption_entities: '[{' }, "can't parse entities"],
    [{ document: someFile(), chat_id: '42' }, 'chat not found'],
    [{ document: someFile(), message_thread_id: '5' }, 'message thread not found'],
    [{ document: someFile(), reply_parameters: '{"message_id":9}' }, 'message to be replied not found'],
  ])('refuses %j', async (fields, reason) => {
    const standIn = openForTest();
    const answer = await upload(standIn, { chat_id: String(PERSON_ID), ...fields });
    expect(answer).toEqual({ ok: false, error_code: 400, description: `Bad Request: ${reason}` });
    expect(standIn.messages(PERSON_ID)).toEqual([]);
  });

  it('refuses a body of more than 50 MB, and one that is no form', async () => {
    const standIn = openForTest();
    const large = new File([new Uint8Array(50 * 1024 * 1024)], 'large');
    expect(await upload(standIn, { chat_id: String(PERSON_ID), document: large })).toEqual({
      ok: false,
      error_code: 413,
      description: 'Request Entity Too Large',
    });
    const response = await standIn.app.request(`/bot${TOKEN}/sendDocument`, {
      method: 'POST',
      headers: { 'content-type': 'multipart/form-data; boundary=x' },
      body: 'nothing of the kind',
    });
    expect(response.status).toBe(400);
  });
});

describe('the download', () => {
  it('is saved by the browser and run by none, whatever is in it', async () => {
    const standIn = openForTest();
    const page = new File(['<script>alert(1)</script>'], 'Grüße\r\n/../é"\u202e.html', { type: 'text/html' });
    const { result } = await upload(standIn, { chat_id: String(PERSON_ID), document: page });
    const { headers } = await download(standIn, result);
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-security-policy': "default-src 'none'; sandbox",
      'x-content-type-options': 'nosniff',
    });
    expect(headers.get('content-disposition')).toMatch(
      /^attachment; filename="[ !#$&-[\]-~]+"; filename\*=UTF-8''[\w.%!~-]+$/,
    );
    expect(result.document?.file_name).not.toMatch(/[/\r\n"]/);
  });

  it('is there for messages with a file alone', async () => {
    const standIn = openForTest();
    const text = standIn.sendAsUser({ chat_id: PERSON_ID, text: 'no file' });
    expect((await download(standIn, text)).status).toBe(404);
    expect((await standIn.app.request('/page/chats/1/messages/1/document')).status).toBe(404);
    expect((await standIn.app.request('/page/chats/1/messages/x/document')).status).toBe(400);
  });
});
