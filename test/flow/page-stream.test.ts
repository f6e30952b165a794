import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { dataFolder, startServer } from './started-server.fixture.ts';
import { MAIN } from './system.fixture.ts';

const CHAT = 1_000_001;
const LOOK_EVERY_MS = 50;

it('A page whose stream of events is cut costs nobody else anything: the same server goes on answering', async () => {
  const { url = '', child } = await startServer([process.execPath, MAIN], { DATA_DIR: await dataFolder() });
  const messages = `${url}/page/chats/${CHAT}/messages`;
  const { host, hostname, port } = new URL(url);
  for (let page = 0; page < 3; page += 1) {
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    socket.write(`GET /page/events HTTP/1.1\r\nhost: ${host}\r\n\r\n`);
    await once(socket, 'data');
    socket.resetAndDestroy();
  }
  const headers = { 'content-type': 'application/json' };
  const sent = await fetch(messages, { method: 'POST', headers, body: JSON.stringify({ text: 'Hello' }) });
  expect(sent.ok).toBe(true);
  for (let isAnswered = false; !isAnswered;) {
    await delay(LOOK_EVERY_MS);
    const { messages: shown } = (await (await fetch(messages)).json()) as {
      messages: { from?: { is_bot?: boolean }; text?: string }[];
    };
    isAnswered = shown.some(({ from, text = '' }) => from?.is_bot === true && text !== '');
  }
  expect([child.exitCode, child.signalCode]).toEqual([null, null]);
}, 90_000);
