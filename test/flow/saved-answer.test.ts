import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { decodeEvents, encodeEvent } from '@omnicloud/protocol';
import { expect, it, onTestFinished } from 'vitest';
import { PERSON } from '../fakes/telegram-server.ts';
import { useFlow } from './system.fixture.ts';

const flow = useFlow();

/** After which event of a run the connection to its worker is cut. */
type Cut = 'accepted' | 'finished';

interface CuttingNetwork {
  readonly url: string;
  /** What the worker asked, in order, and the HTTP status of the answer. */
  readonly asked: { readonly isReplayOnly: boolean; readonly status: number }[];
  /** The runs that begin from now on are cut so, one after another. */
  readonly cuts: Cut[];
  leadTo(url: string): void;
}

/** What lies between the worker and the agent server. */
async function cuttingNetwork(): Promise<CuttingNetwork> {
  const asked: { isReplayOnly: boolean; status: number }[] = [];
  const cuts: Cut[] = [];
  let target = '';
  const pass = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await text(request);
    const headers = new Headers();
    for (const [name, value] of Object.entries(request.headers))
      if (!['host', 'connection', 'content-length'].includes(name)) headers.set(name, String(value));
    const upstream = await fetch(target + (request.url ?? ''), { method: 'POST', headers, body });
    asked.push({ isReplayOnly: body.includes('"replay_only":true'), status: upstream.status });
    response.writeHead(upstream.status, { 'content-type': upstream.headers.get('content-type') ?? '' });
    if (!upstream.ok || !upstream.body) {
      response.end(await upstream.text());
      return;
    }
    const cut = cuts.shift();
    // Left before its end, the answer of the agent server is cancelled, too.
    for await (const event of decodeEvents(upstream.body)) {
      // A worker that is told of the end has heard it.
      if (event.type !== cut || cut === 'accepted')
        await new Promise((written) => response.write(encodeEvent(event), written));
      if (event.type !== cut) continue;
      response.destroy();
      return;
    }
    response.end();
  };
  const server = createServer((request, response) => {
    pass(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const leadTo = (url: string): void => {
    target = url;
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, cuts, leadTo };
}

/** @returns the file of the only stored conversation. */
async function conversationFile(): Promise<string> {
  const sessions = join(flow.dataDir, 'objects', 'sessions');
  const [session = ''] = await readdir(sessions);
  return join(sessions, session, 'conversation.jsonl');
}

async function answered(answer: string): Promise<void> {
  await flow.telegram.waitForMessage(PERSON, (shown) => shown === answer);
}

it('The last try saves its answer and its worker never hears so: the answer is given, with the word that the conversation was damaged', async () => {
  const network = await cuttingNetwork();
  const system = await flow.start({ AGENT_SERVER_URL: network.url });
  network.leadTo(system.url);
  flow.model.reply('Noted the word.');
  flow.say('The secret word is apple');
  await answered('Noted the word.');
  const whole = (): Promise<string> => conversationFile().then((file) => readFile(file, 'utf8'));
  await expect.poll(whole, { timeout: 60_000 }).toContain('Noted the word.');
  const conversation = await whole();
  await writeFile(await conversationFile(), conversation.slice(0, conversation.indexOf('Noted the word.')));

  network.cuts.push('accepted', 'accepted', 'finished');
  flow.say('And now?');
  const told = 'The stored conversation was damaged: one message or its answer is lost.\n\nok';
  await expect.poll(() => flow.telegram.botTexts(PERSON), { timeout: 60_000 }).toContain(told);
  flow.model.reply('Nothing is missing.');
  flow.say('And next?');
  await answered('Nothing is missing.');
  expect(flow.telegram.botTexts(PERSON)).toEqual(['Noted the word.', told, 'Nothing is missing.']);
  expect(network.asked.filter(({ isReplayOnly }) => isReplayOnly)).toEqual([
    { isReplayOnly: true, status: 200 },
  ]);
  expect(network.cuts).toEqual([]);
  expect(await system.queue.deadLetters()).toEqual([]);
  const messages = JSON.stringify(flow.model.requests.at(-1)?.body.messages);
  expect(messages.match(/And now\?/g)).toHaveLength(1);
});
