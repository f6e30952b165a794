import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Message } from 'grammy/types';
import { expect, it, onTestFinished } from 'vitest';
import { FORUM, PERSON } from '../fakes/telegram-server.ts';
import { useFlow } from './system.fixture.ts';

const flow = useFlow();
const BOB = 2_000_002;

/** Lets the agent write a file; when the second answer is there, the first is saved. */
async function writeNotes(chatId: number): Promise<void> {
  flow.model.reply({
    type: 'tool_use',
    name: 'Write',
    input: { file_path: 'notes/milk.md', content: 'two litres of milk' },
  });
  flow.model.reply('Written.');
  flow.say('Write it down', { chat_id: chatId });
  await flow.telegram.waitForMessage(chatId, (text) => text === 'Written.');
  flow.model.reply('You are welcome.');
  flow.say('Thanks', { chat_id: chatId });
  await flow.telegram.waitForMessage(chatId, (text) => text === 'You are welcome.');
}

async function sentDocument(chatId: number): Promise<Message> {
  return flow.telegram.waitForMessage(chatId, (_, message) => message.document !== undefined);
}

/** @returns a folder with what is in the archive of a message. */
async function unpacked({ chat, message_id: id }: Message): Promise<string> {
  const { app } = flow.telegram.standIn;
  const response = await app.request(`/page/chats/${chat.id}/messages/${id}/document`);
  const folder = await mkdtemp(join(tmpdir(), 'omnicloud-export-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'archive.tar.gz'), Buffer.from(await response.arrayBuffer()));
  await promisify(execFile)('tar', ['xzf', 'archive.tar.gz'], { cwd: folder });
  return folder;
}

it('/files lists what the agent wrote, and /export brings it with the conversation', async () => {
  await flow.start();
  flow.say('/files');
  await flow.telegram.waitForMessage(PERSON, (text) => text.startsWith('There is no conversation here yet'));
  await writeNotes(PERSON);
  flow.say('/files');
  await flow.telegram.waitForMessage(PERSON, (text) => text.includes('18 B  notes/milk.md'));
  flow.say('/export');
  const sent = await sentDocument(PERSON);
  expect(sent.document?.file_name).toMatch(/^session-[0-9a-f-]{36}\.tar\.gz$/);
  expect(sent.reply_to_message?.text).toBe('/export');
  const folder = await unpacked(sent);
  expect(await readFile(join(folder, 'workspace/notes/milk.md'), 'utf8')).toBe('two litres of milk');
  expect(await readFile(join(folder, 'conversation.jsonl'), 'utf8')).toContain('Write it down');
  expect(flow.errors).toEqual([]);
});

it('/debug brings the owner the session files, and nobody else', async () => {
  await flow.start({ ALLOWED_USERS: `${PERSON},${BOB}` });
  await writeNotes(FORUM);
  flow.telegram.standIn.sendAsUser({ chat_id: FORUM, from: { id: BOB, first_name: 'Bob' }, text: '/debug' });
  await flow.telegram.waitForMessage(FORUM, (text) => text.startsWith('Only the owner'));
  flow.say('/debug', { chat_id: FORUM });
  const folder = await unpacked(await sentDocument(FORUM));
  expect(await readFile(join(folder, 'debug.txt'), 'utf8')).toContain('=== turn ');
  expect(await readFile(join(folder, 'conversation.jsonl'), 'utf8')).toContain('Write it down');
  await expect(readFile(join(folder, 'workspace/notes/milk.md'))).rejects.toMatchObject({ code: 'ENOENT' });
  const sent = flow.telegram.calls.filter(({ method }) => method === 'sendDocument');
  expect(sent).toHaveLength(1);
});
