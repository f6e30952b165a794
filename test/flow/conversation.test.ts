import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { blocksOf, isText, type ModelRequest } from '@omnicloud/demo/internal/model/wire/model-request.ts';
import { FORUM, PERSON } from '../fakes/telegram-server.ts';
import { AUTH_TOKEN, useFlow } from './system.fixture.ts';

const flow = useFlow();

/** What a user or the model said in the conversation that a request carries. */
function saidIn(request: ModelRequest | undefined): string {
  if (!request) throw new Error('The model was not asked');
  return request.body.messages
    .flatMap((message) =>
      blocksOf(message)
        .filter(isText)
        .map((block) => block.text),
    )
    .join('\n');
}

describe('A conversation', () => {
  it('begins with a first message and is answered in the chat, as a reply, with formatting', async () => {
    await flow.start();
    flow.model.reply('Here it is: **bold** and `code`.');
    flow.say('Hello there');
    const answer = await flow.telegram.waitForMessage(
      PERSON,
      (text) => text === 'Here it is: bold and code.',
    );
    expect(answer.entities).toEqual([
      { type: 'bold', offset: 12, length: 4 },
      { type: 'code', offset: 21, length: 4 },
    ]);
    expect(answer.reply_to_message?.text).toBe('Hello there');
    expect(flow.telegram.calls.filter(({ method }) => method === 'sendMessage')).toHaveLength(1);
    expect(flow.telegram.calls.some(({ method }) => method === 'sendChatAction')).toBe(true);
    expect(flow.model.requests[0]?.modelId).toBe('anthropic.flow-sonnet-v1:0');
  });

  it('remembers: a second message reaches the model together with the first and its answer', async () => {
    await flow.start();
    flow.model.reply('Nice to meet you, Ada.');
    flow.say('My name is Ada');
    await flow.telegram.waitForMessage(PERSON, (text) => text.startsWith('Nice to meet'));
    flow.model.reply('Ada.');
    flow.say('What is my name?');
    await flow.telegram.waitForMessage(PERSON, (text) => text === 'Ada.');
    const said = saidIn(flow.model.requests[1]);
    expect(said).toContain('My name is Ada');
    expect(said).toContain('Nice to meet you, Ada.');
    expect(said).toContain('What is my name?');
  });

  it('is one for each topic: two topics of a forum do not mix, and each is answered in its own place', async () => {
    await flow.start();
    const [ideas, release] = await topics();
    flow.model.reply('Noted in ideas.');
    flow.say('The secret word is apple', { chat_id: FORUM, thread_id: ideas });
    const first = await flow.telegram.waitForMessage(FORUM, (text) => text === 'Noted in ideas.');
    flow.model.reply('No idea.');
    flow.say('What is the secret word?', { chat_id: FORUM, thread_id: release });
    const second = await flow.telegram.waitForMessage(FORUM, (text) => text === 'No idea.');
    expect([first.message_thread_id, second.message_thread_id]).toEqual([ideas, release]);
    expect(saidIn(flow.model.requests[1])).not.toContain('apple');
  });

  it('ends with /new, and /status tells which session it is', async () => {
    await flow.start();
    flow.say('The secret word is apple');
    await flow.telegram.waitForMessage(PERSON, (text) => text === 'ok');
    // The answer is shown before it is saved, and a command does not wait for the turn before it.
    await waitForSaved('apple');
    flow.say('/status');
    const status = await flow.telegram.waitForMessage(PERSON, (text) => text.startsWith('Session'));
    const sessionId = /Session (\S+)/.exec(status.text ?? '')?.[1] ?? '';
    const conversation = await readFile(
      join(flow.dataDir, 'objects', 'sessions', sessionId, 'conversation.jsonl'),
      'utf8',
    );
    expect(conversation).toContain('apple');
    flow.say('/new');
    await flow.telegram.waitForMessage(PERSON, (text) => text.startsWith('A new conversation'));
    flow.model.reply('Which word?');
    flow.say('What is the secret word?');
    await flow.telegram.waitForMessage(PERSON, (text) => text === 'Which word?');
    expect(saidIn(flow.model.requests[1])).not.toContain('apple');
  });

  it('works with files and keeps a task list, which comes back in todos.json', async () => {
    await flow.start();
    flow.model.reply(
      { type: 'tool_use', name: 'Write', input: { file_path: 'notes.md', content: 'hello' } },
      { type: 'tool_use', name: 'TaskCreate', input: { subject: 'Buy milk', description: 'Two litres' } },
    );
    flow.model.reply({ type: 'tool_use', name: 'Glob', input: { pattern: '**/*' } });
    flow.model.reply('Written.');
    flow.say('Write notes.md, plan the milk, list the files');
    await flow.telegram.waitForMessage(PERSON, (text) => text === 'Written.');
    expect(JSON.stringify(flow.model.requests[2]?.body.messages)).toContain('notes.md');
    await waitForSaved('Written.');
    const status = await statusOf();
    const todos: unknown = JSON.parse(
      await readFile(join(flow.dataDir, 'objects', 'sessions', status, 'todos.json'), 'utf8'),
    );
    expect(todos).toMatchObject([{ id: '1', subject: 'Buy milk', status: 'pending' }]);
    flow.model.reply({ type: 'tool_use', name: 'TaskList', input: {} });
    flow.model.reply('One task.');
    flow.say('What is on the list?');
    await flow.telegram.waitForMessage(PERSON, (text) => text === 'One task.');
    expect(JSON.stringify(flow.model.requests.at(-1)?.body.messages)).toContain('#1 [pending] Buy milk');
  });

  it('keeps the agent inside its workspace, whatever the model asks for', async () => {
    await flow.start();
    flow.model.reply(
      { type: 'tool_use', name: 'Read', input: { file_path: '/etc/hostname' } },
      {
        type: 'tool_use',
        name: 'Write',
        input: { file_path: join(flow.dataDir, 'planted.txt'), content: 'x' },
      },
      { type: 'tool_use', name: 'Glob', input: { pattern: '../../**/*' } },
    );
    flow.model.reply('I could not.');
    flow.say('Look at @/etc/hostname');
    await flow.telegram.waitForMessage(PERSON, (text) => text === 'I could not.');
    expect(saidIn(flow.model.requests[0])).not.toContain((await readFile('/etc/hostname', 'utf8')).trim());
    const results = JSON.stringify(flow.model.requests[1]?.body.messages);
    expect(results.match(/"is_error":true/g)).toHaveLength(3);
    await expect(readFile(join(flow.dataDir, 'planted.txt'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('is open to the plan’s curl: one JSON body from POST /session/create, and the session goes on by its id', async () => {
    const { url } = await flow.start();
    const post = (path: string, body: object): Promise<Response> =>
      fetch(url + path, {
        method: 'POST',
        headers: { authorization: `Bearer ${AUTH_TOKEN}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    flow.model.reply('Created.');
    const created = (await (
      await post('/session/create', { chat_id: 7, thread_id: 3, user_message: 'Remember pear' })
    ).json()) as {
      session_id: string;
      response: string;
    };
    expect(created.response).toBe('Created.');
    flow.model.reply('Pear.');
    const continued = await post(`/session/${created.session_id}/message`, { user_message: 'And?' });
    expect(await continued.json()).toMatchObject({ session_id: created.session_id, response: 'Pear.' });
    expect(saidIn(flow.model.requests[1])).toContain('Remember pear');
  });
});

async function topics(): Promise<[number, number]> {
  const response = await flow.telegram.standIn.app.request('/page/state');
  const state = (await response.json()) as { chats: { id: number; topics: { thread_id: number }[] }[] };
  const [first, second] = state.chats.find(({ id }) => id === FORUM)?.topics ?? [];
  if (!first || !second) throw new Error('The stand-in has no topics');
  return [first.thread_id, second.thread_id];
}

/** Resolves when a stored conversation holds the words. */
async function waitForSaved(words: string): Promise<void> {
  const sessions = join(flow.dataDir, 'objects', 'sessions');
  const holdsThem = async (): Promise<void> => {
    const files = (await readdir(sessions)).map((id) => join(sessions, id, 'conversation.jsonl'));
    expect((await Promise.all(files.map((file) => readFile(file, 'utf8')))).join('')).toContain(words);
  };
  await vi.waitFor(holdsThem, { timeout: 60_000, interval: 50 });
}

async function statusOf(): Promise<string> {
  flow.say('/status');
  const status = await flow.telegram.waitForMessage(PERSON, (text) => text.startsWith('Session'));
  return /Session (\S+)/.exec(status.text ?? '')?.[1] ?? '';
}
