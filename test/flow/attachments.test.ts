import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Message } from 'grammy/types';
import { expect, it } from 'vitest';
import { PERSON } from '../fakes/telegram-server.ts';
import { useFlow } from './system.fixture.ts';

const flow = useFlow();

async function contentOf({ chat, message_id: id }: Message): Promise<string> {
  const response = await flow.telegram.standIn.app.request(`/page/chats/${chat.id}/messages/${id}/document`);
  return response.text();
}

function sends(files: { name: string; content: string }[], text = ''): void {
  flow.telegram.standIn.sendAsUser({
    chat_id: PERSON,
    text,
    files: files.map(({ name, content }) => ({
      name,
      mediaType: 'text/csv',
      content: new TextEncoder().encode(content),
    })),
  });
}

it('The agent reads what its user sends, and sends back what it made of it', async () => {
  await flow.start();
  flow.model.reply({ type: 'tool_use', name: 'Read', input: { file_path: 'inbox/die Zahlen.csv' } });
  flow.model.reply({
    type: 'tool_use',
    name: 'Write',
    input: { file_path: 'out/Summe 总和.md', content: '**3**' },
  });
  flow.model.reply({
    type: 'tool_use',
    name: 'mcp__chat__send_file',
    input: { path: 'out/Summe 总和.md', caption: 'The sum' },
  });
  flow.model.reply('Here is the sum.');
  sends([{ name: 'die Zahlen.csv', content: '1\n2\n' }], 'Add these up');
  const sent = await flow.telegram.waitForMessage(PERSON, (_, { document }) => document !== undefined);
  expect([sent.document?.file_name, sent.caption]).toEqual(['Summe 总和.md', 'The sum']);
  expect(await contentOf(sent)).toBe('**3**');
  expect(flow.telegram.botTexts(PERSON)[0]).toBe('Here is the sum.');
  const [asked, read] = flow.model.requests.map(({ body }) => JSON.stringify(body.messages));
  expect(asked).toContain('Add these up\\n\\n[Attached file: inbox/die Zahlen.csv (text/csv, 4 bytes)]');
  expect(read).toContain('1\\t1\\n2\\t2');
  expect(flow.errors).toEqual([]);
});

it('What is sent together is one question, and is still there in a later turn on another machine', async () => {
  const { process: first } = await flow.spawn();
  flow.model.reply('Two files.');
  sends(
    [
      { name: 'a.csv', content: 'a' },
      { name: 'b.csv', content: 'b' },
    ],
    'Compare',
  );
  await flow.telegram.waitForMessage(PERSON, (text) => text === 'Two files.');
  const [asked] = flow.model.requests.map(({ body }) => JSON.stringify(body.messages));
  expect(asked).toContain(
    'Compare\\n\\n[Attached file: inbox/a.csv (text/csv, 1 bytes)]\\n[Attached file: inbox/b.csv (text/csv, 1 bytes)]',
  );
  first.kill('SIGKILL');
  await once(first, 'exit');
  await rm(join(flow.dataDir, 'work'), { recursive: true });
  await flow.start();
  flow.model.reply({ type: 'tool_use', name: 'Read', input: { file_path: 'inbox/b.csv' } });
  flow.model.reply('It says b.');
  flow.say('What does b.csv say?');
  await flow.telegram.waitForMessage(PERSON, (text) => text === 'It says b.');
  expect(JSON.stringify(flow.model.requests.at(-1)?.body.messages)).toContain('1\\tb');
});

it('A path that leads out of the workspace is not sent, and the agent is told why', async () => {
  await flow.start();
  flow.model.reply({ type: 'tool_use', name: 'mcp__chat__send_file', input: { path: '/etc/hostname' } });
  flow.model.reply('I cannot send that.');
  flow.say('Send me /etc/hostname');
  await flow.telegram.waitForMessage(PERSON, (text) => text === 'I cannot send that.');
  expect(JSON.stringify(flow.model.requests.at(-1)?.body.messages)).toContain(
    'is outside the workspace of this chat',
  );
  expect(flow.telegram.calls.filter(({ method }) => method === 'sendDocument')).toEqual([]);
});
