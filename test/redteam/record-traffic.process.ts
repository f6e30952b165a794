// node record-traffic.process.ts <bedrock|anthropic|plain> <folder> <cli>, in a network of its own where every address leads here: the system, some turns → whom it called
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { startLocal } from '@omnicloud/local/internal/compose.ts';
import { parseLocalConfig } from '@omnicloud/local/internal/config.ts';
import { startScriptedModel } from '../fakes/scripted-model.ts';
import { BOT_TOKEN, PERSON, startTelegramServer, WEBHOOK_SECRET } from '../fakes/telegram-server.ts';

const [, , mode = '', folder = '', cli = ''] = process.argv;
/** What the CLI does in the background, it begins within its first seconds. */
const LINGER_MS = 3_000;
const called: string[] = [];

const names = createSocket('udp4');
names.on('message', (query, { port, address }) => {
  const name = nameIn(query);
  called.push(name);
  names.send(answerTo(query), port, address);
});
names.bind(53, '127.0.0.1');
await once(names, 'listening');
for (const port of [80, 443]) {
  const server = createServer((socket) => {
    called.push(`${socket.localAddress ?? ''}:${port}`);
    socket.on('error', () => undefined).destroy();
  });
  await once(server.listen(port, '::'), 'listening');
}

if (mode === 'plain') await runPlainly();
else await converse();
process.stdout.write(`${JSON.stringify(called)}\n`);
process.exit();

async function converse(): Promise<void> {
  const telegram = await startTelegramServer();
  const model = await startScriptedModel();
  const access: Record<string, string> =
    mode === 'bedrock'
      ? {
          CLAUDE_CODE_USE_BEDROCK: '1',
          BEDROCK_ACCESS_KEY_ID: 'AKIAREDTEAM',
          BEDROCK_SECRET_ACCESS_KEY: 'x',
          ANTHROPIC_BEDROCK_BASE_URL: model.baseUrl,
        }
      : { ANTHROPIC_API_KEY: 'x', ANTHROPIC_BASE_URL: await startAnthropic() };
  const system = await startLocal(
    parseLocalConfig({
      PATH: process.env.PATH,
      PORT: '0',
      DATA_DIR: folder,
      TELEGRAM_BOT_TOKEN: BOT_TOKEN,
      ALLOWED_USERS: String(PERSON),
      TELEGRAM_MODE: 'webhook',
      TELEGRAM_WEBHOOK_SECRET: WEBHOOK_SECRET,
      TELEGRAM_API_ROOT: telegram.apiRoot,
      SDK_CLIENT_AUTH_TOKEN: 'redteam-auth-token',
      ...access,
    }),
    { info: () => undefined, error: () => undefined },
  );
  telegram.standIn.start({ url: `${system.url}/webhook`, secret: WEBHOOK_SECRET });
  const input = { description: 'Look', prompt: 'Look around', subagent_type: 'general-purpose' };
  model.reply({ type: 'tool_use', name: 'Agent', input });
  model.reply('Looked.');
  model.reply({ type: 'tool_use', name: 'Skill', input: { skill: 'telegram-answers' } });
  model.replyWith(async function* () {
    await delay(LINGER_MS);
    yield 'Here.';
  });
  telegram.standIn.sendAsUser({ chat_id: PERSON, text: 'Look at https://example.com/' });
  await telegram.waitForMessage(PERSON, (text) => text === 'Here.');
  await system.close();
}

/** The CLI as anybody starts it: what it calls then shows that calls are seen here. */
async function runPlainly(): Promise<void> {
  const env = { PATH: process.env.PATH, HOME: folder, ANTHROPIC_API_KEY: 'x', CLAUDE_CODE_MAX_RETRIES: '0' };
  const child = spawn(cli, ['-p', 'Hello'], { env, cwd: folder, stdio: 'ignore', timeout: 20_000 });
  await once(child, 'exit');
}

/** Anthropic's API, which takes its time and says "Here." */
async function startAnthropic(): Promise<string> {
  const usage = { input_tokens: 1, output_tokens: 1 };
  const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'm', content: [], usage };
  const events = [
    { type: 'message_start', message },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Here.' } },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage },
    { type: 'message_stop' },
  ];
  const server = createHttpServer((request, response) => {
    request.resume();
    void delay(LINGER_MS).then(() => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(
        events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''),
      );
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** @returns the name that a DNS query asks for (RFC 1035, 4.1). */
function nameIn(query: Buffer): string {
  const labels: string[] = [];
  for (let at = 12; query[at] !== 0 && at < query.length; at += (query[at] ?? 0) + 1)
    labels.push(query.toString('latin1', at + 1, at + 1 + (query[at] ?? 0)));
  return labels.join('.');
}

/** @returns an answer that leads every name here. */
function answerTo(query: Buffer): Buffer {
  const isAddress = query.readUInt16BE(query.indexOf(0, 12) + 1) === 1;
  const head = Buffer.from(query.subarray(0, 12));
  head.writeUInt16BE(0x8180, 2);
  head.writeUInt16BE(isAddress ? 1 : 0, 6);
  head.writeUInt32BE(0, 8);
  const question = query.subarray(12, query.indexOf(0, 12) + 5);
  const address = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 198, 51, 100, 7]);
  return Buffer.concat([head, question, ...(isAddress ? [address] : [])]);
}
