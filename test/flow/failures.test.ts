import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { encodeEvent, NDJSON_MEDIA_TYPE, type RunEvent } from '@omnicloud/protocol';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FORUM, PERSON, WEBHOOK_SECRET } from '../fakes/telegram-server.ts';
import { useFlow } from './system.fixture.ts';

const flow = useFlow();
const SECRET_HEADER = 'x-telegram-bot-api-secret-token';

const refused = { type: 'error', status: 400, errorType: 'ValidationException', message: 'no' } as const;
const broken = { type: 'error', status: 500, errorType: 'InternalServerException', message: 'oops' } as const;

/** The CLI tries a failing model call this often (`CLAUDE_CODE_MAX_RETRIES` + 1, and once more without a stream). */
const CALLS_OF_ONE_TRY = 5;

/** So often a turn is tried that fails by itself. */
const MAX_TRIES = 3;

/** @returns an address where nobody answers, and how to start an agent server there. */
async function agentServerToCome(answer: string): Promise<{ port: number; listen: () => Promise<void> }> {
  const session = '0190c8a4-0000-4000-8000-000000000001';
  const events: RunEvent[] = [
    { type: 'accepted', session_id: session, is_new: true },
    { type: 'answer', text: answer },
    {
      type: 'finished',
      session_id: session,
      usage: {
        input_tokens: 1,
        output_tokens: 1,
        cache_read_input_tokens: 0,
        cache_creation_input_tokens: 0,
      },
      is_stopped: false,
      cost_usd: 0,
      turns: 1,
      duration_ms: { restore: 1, run: 1, persist: 1, total: 3 },
    },
  ];
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      response.writeHead(200, { 'content-type': NDJSON_MEDIA_TYPE }).end(events.map(encodeEvent).join(''));
    });
  });
  const listen = async (port: number): Promise<void> => {
    await once(server.listen(port, '127.0.0.1'), 'listening');
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  onTestFinished(() => {
    server.close();
  });
  return { port, listen: () => listen(port) };
}

describe('When something fails', () => {
  it('a model that refuses the request is reported at once, and the conversation goes on', async () => {
    await flow.start();
    for (let call = 0; call < CALLS_OF_ONE_TRY; call += 1) flow.model.replyWith(() => [refused]);
    flow.say('This will be refused');
    await flow.telegram.waitForMessage(
      PERSON,
      (text) => text === 'I could not answer: the model refused the request.',
    );
    await drained();
    flow.say('This will not');
    await flow.telegram.waitForMessage(PERSON, (text) => text === 'ok');
  });

  it('a model that is down is asked again, and its answer is given once it is back', async () => {
    await flow.start();
    flow.model.reply(broken);
    flow.model.reply('Back again.');
    flow.say('Are you there?');
    await flow.telegram.waitForMessage(PERSON, (text) => text === 'Back again.');
    expect(flow.telegram.botTexts(PERSON)).toEqual(['Back again.']);
  });

  it('an agent server that is down costs no try: the user is told once, and answered when it is back', async () => {
    const { port, listen } = await agentServerToCome('Here I am.');
    const system = await flow.start(
      { AGENT_SERVER_URL: `http://127.0.0.1:${port}` },
      { outagePauseMs: () => 50 },
    );
    flow.say('Anybody home?');
    await flow.telegram.waitForMessage(PERSON, (text) =>
      text.startsWith('Not yet: the agent server cannot be reached'),
    );
    // More often than a turn has tries.
    await expect.poll(() => flow.errors.length, { timeout: 30_000 }).toBeGreaterThan(MAX_TRIES + 1);
    await listen();
    await flow.telegram.waitForMessage(PERSON, (text) => text === 'Here I am.');
    expect(flow.telegram.botTexts(PERSON)).toEqual([expect.stringMatching(/^Not yet: /), 'Here I am.']);
    expect(await system.queue.deadLetters()).toEqual([]);
  });

  it('an agent process that is killed is started again, and nothing of the broken turn remains', async () => {
    await flow.start();
    const gate = flow.model.hold();
    flow.say('Crash once');
    await gate.reached;
    const [session] = await readdir(join(flow.dataDir, 'work'));
    process.kill(
      Number(await readFile(join(flow.dataDir, 'work', session ?? '', 'cli.pid'), 'utf8')),
      'SIGKILL',
    );
    flow.model.reply('Second try.');
    await flow.telegram.waitForMessage(PERSON, (text) => text === 'Second try.');
    gate.release();
    expect(flow.telegram.botTexts(PERSON)).toEqual(['Second try.']);
    expect(JSON.stringify(flow.model.requests.at(-1)?.body.messages).match(/Crash once/g)).toHaveLength(1);
  });

  it('a session whose objects are gone is replaced by a new one, and the user is told', async () => {
    await flow.start();
    flow.say('Remember apple');
    await flow.telegram.waitForMessage(PERSON, (text) => text === 'ok');
    const { rm } = await import('node:fs/promises');
    await rm(join(flow.dataDir, 'objects'), { recursive: true });
    flow.model.reply('Which fruit?');
    flow.say('Which fruit?');
    await flow.telegram.waitForMessage(
      PERSON,
      (text) => text === 'The earlier conversation could not be found, so this is a new one.\n\nWhich fruit?',
    );
  });
});

describe('An update that cannot become a question', () => {
  it('from a stranger is answered with the id that the owner needs, and never reaches the model', async () => {
    await flow.start();
    flow.telegram.standIn.sendAsUser({ chat_id: 77, text: 'Let me in', from: { id: 77, first_name: 'Eve' } });
    await flow.telegram.waitForMessage(77, (text) => text.includes('77') && text.includes('ALLOWED_USERS'));
    await flow.telegram.standIn.whenIdle();
    expect(flow.model.requests).toEqual([]);
  });

  it('is accepted and answered or left alone by its kind, and never asked for again', async () => {
    const { url } = await flow.start();
    const chat = { id: PERSON, type: 'private', first_name: 'You' };
    const from = { id: PERSON, is_bot: false, first_name: 'You', language_code: 'en' };
    const post = (body: string, secret = WEBHOOK_SECRET): Promise<Response> =>
      fetch(`${url}/webhook`, {
        method: 'POST',
        headers: { [SECRET_HEADER]: secret, 'content-type': 'application/json' },
        body,
      });
    const update = (update_id: number, rest: object): string => JSON.stringify({ update_id, ...rest });
    const message = (extra: object): object => ({
      message_id: 900,
      date: 1_790_000_000,
      chat,
      from,
      ...extra,
    });
    const statuses = await Promise.all([
      post(update(1, { message: message({ location: { latitude: 1, longitude: 2 } }) })),
      post(update(2, { edited_message: message({ text: 'edited' }) })),
      post(
        update(3, {
          channel_post: { message_id: 1, date: 1, chat: { id: FORUM, type: 'channel' }, text: 'post' },
        }),
      ),
      post(update(4, { message: message({ text: 'x'.repeat(1_000_000) }) })),
      post('{"update_id": 5, "message": {'),
      post('"just a string"'),
    ]).then((responses) => responses.map(({ status }) => status));
    expect(statuses).toEqual([200, 200, 200, 200, 200, 200]);
    await flow.telegram.waitForMessage(PERSON, (text) => text.startsWith('I can read text and files'));
    await flow.telegram.waitForMessage(PERSON, (text) => text.startsWith('That message is too long'));
    expect((await post(update(6, { message: message({ text: 'hi' }) }), 'wrong')).status).toBe(401);
    expect((await fetch(`${url}/webhook`, { method: 'POST', body: '{}' })).status).toBe(401);
    expect(flow.model.requests).toEqual([]);
  });

  it('that comes twice is answered once', async () => {
    const { url } = await flow.start();
    const body = JSON.stringify({
      update_id: 42,
      message: {
        message_id: 1,
        date: 1_790_000_000,
        chat: { id: PERSON, type: 'private' },
        from: { id: PERSON, is_bot: false, first_name: 'You' },
        text: 'Once only',
      },
    });
    const post = (): Promise<Response> =>
      fetch(`${url}/webhook`, { method: 'POST', headers: { [SECRET_HEADER]: WEBHOOK_SECRET }, body });
    expect((await Promise.all([post(), post()])).map(({ status }) => status)).toEqual([200, 200]);
    await flow.telegram.waitForMessage(PERSON, (text) => text === 'ok');
    expect((await post()).status).toBe(200);
    flow.say('Next');
    flow.model.reply('second');
    await flow.telegram.waitForMessage(PERSON, (text) => text === 'second');
    expect(flow.telegram.botTexts(PERSON)).toEqual(['ok', 'second']);
  });
});

/** Uses up what was scripted for retries that did not come, so that the next turn starts fresh. */
async function drained(): Promise<void> {
  await flow.telegram.standIn.whenIdle();
  flow.model.clear();
}
