// one server, one kind of failing event after another: only what it belongs to fails, and another chat is answered by the same process
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, rmdir } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { blocksOf, isText, type ModelRequest } from '@omnicloud/demo/internal/model/wire/model-request.ts';
import {
  createGate,
  type ScriptedModel,
  type ScriptItem,
  startScriptedModel,
} from '../fakes/scripted-model.ts';
import { FORUM, PERSON, startTelegramServer, type TelegramServer } from '../fakes/telegram-server.ts';
import { AUTH_TOKEN, environmentOf, MAIN } from './system.fixture.ts';

/** Where the limits of a running process can be changed (util-linux). */
const PRLIMIT = '/usr/bin/prlimit';
const LOOK_EVERY_MS = 20;
const LIMIT_MS = 90_000;

let telegram: TelegramServer;
let model: ScriptedModel;
let dataDir: string;
let server: ChildProcess;
let url: string;
const reported: string[] = [];

beforeAll(async () => {
  telegram = await startTelegramServer();
  model = await startScriptedModel(answerByQuestion);
  dataDir = await mkdtemp(join(tmpdir(), 'omnicloud-events-'));
  server = spawn(process.execPath, [MAIN], {
    env: environmentOf({ dataDir, telegram, model }, { TELEGRAM_MODE: 'polling' }),
    cwd: dataDir,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ready = Promise.withResolvers<string>();
  for (const stream of [server.stdout, server.stderr]) {
    if (!stream) throw new Error('The server has no output');
    createInterface(stream).on('line', (line) => {
      reported.push(line);
      const found = /^ready (http:\S+)/.exec(line)?.[1];
      if (found !== undefined) ready.resolve(found);
    });
  }
  server.once('exit', () => ready.reject(new Error(`The server ended: ${reported.join('\n')}`)));
  url = await ready.promise;
}, LIMIT_MS);
afterAll(async () => {
  server.kill('SIGKILL');
  if (server.exitCode === null && server.signalCode === null) await once(server, 'exit');
  await telegram.close();
  await model.close();
  await rm(dataDir, { recursive: true, force: true });
});

/** Looks again and again until there is what the test waits for; the test's own time limit ends it. */
async function until<Found>(look: () => Promise<Found | undefined> | Found | undefined): Promise<Found> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await delay(LOOK_EVERY_MS);
  }
}

/** What the server reported before the last question belongs to another test. */
const untilReported = (pattern: RegExp): Promise<string> =>
  until(() => reported.slice(reportedBefore).find((line) => pattern.test(line)));

let asked = 0;
let reportedBefore = 0;
const answers = new Map<string, ScriptItem[][]>();

/** A turn that fails is tried again at some later time, so an answer belongs to its question and not to the next request. */
function answerByQuestion({ body }: ModelRequest): ScriptItem[] {
  const texts = body.messages.flatMap((message) => blocksOf(message).filter(isText));
  const questions = texts.flatMap(({ text }) => text.match(/\bQuestion \d+\b/g) ?? []);
  const left = answers.get(questions.at(-1) ?? '') ?? [];
  return (left.length > 1 ? left.shift() : left[0]) ?? ['ok'];
}

/** @returns a question that the model answers with each of these in turn, and from then on with the last. */
function question(...inTurn: ScriptItem[][]): string {
  reportedBefore = reported.length;
  const text = `Question ${(asked += 1)}`;
  answers.set(text, inTurn);
  return text;
}

/** Asks in the private chat what is answered with this. */
function ask(...answer: ScriptItem[]): void {
  telegram.standIn.sendAsUser({ chat_id: PERSON, text: question(answer) });
}

/** The same, and the connection to the model is cut within the first answer. */
function askCutOff(answer: string): void {
  telegram.standIn.sendAsUser({
    chat_id: PERSON,
    text: question(['Half of', { type: 'cut' }], [answer]),
  });
}

const answered = (text: string): Promise<unknown> =>
  telegram.waitForMessage(PERSON, (shown) => shown === text);

/** Another chat is answered, and by the process that was started at first. */
async function expectOthersAnswered(): Promise<void> {
  const text = `Still here, ${asked}.`;
  telegram.standIn.sendAsUser({ chat_id: FORUM, text: question([text]) });
  await telegram.waitForMessage(FORUM, (shown) => shown === text);
  expect([server.exitCode, server.signalCode]).toEqual([null, null]);
}

async function openSocket(): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  // What is not read keeps a socket from being closed.
  socket.resume();
  await once(socket, 'connect');
  return socket;
}

/** Whether the server ends it or resets it. */
async function closed(socket: Socket): Promise<void> {
  await new Promise((resolve) => socket.once('close', resolve));
}

/** @returns the head of a request to the agent server. */
function createRequest(contentLength: number): string {
  return [
    'POST /session/create HTTP/1.1',
    'host: here',
    `authorization: Bearer ${AUTH_TOKEN}`,
    'accept: application/x-ndjson',
    `content-length: ${contentLength}`,
    '\r\n',
  ].join('\r\n');
}

async function limit(name: 'nofile' | 'fsize', value: number | 'unlimited'): Promise<void> {
  await promisify(execFile)(PRLIMIT, ['--pid', String(server.pid), `--${name}=${value}:`]);
}

async function limitUntilTestEnds(name: 'nofile' | 'fsize', value: number): Promise<() => Promise<void>> {
  const { stdout } = await promisify(execFile)(PRLIMIT, [
    ...['--pid', String(server.pid), `--${name}`],
    ...['--output', 'SOFT', '--noheadings', '--raw'],
  ]);
  const before = stdout.trim() === 'unlimited' ? 'unlimited' : Number(stdout);
  const restore = (): Promise<void> => limit(name, before);
  onTestFinished(restore);
  await limit(name, value);
  return restore;
}

describe('Another chat is answered by the same process after', () => {
  it.runIf(existsSync(PRLIMIT))(
    'a child process that cannot be started (EMFILE)',
    async () => {
      const open = await readdir(`/proc/${server.pid}/fd`);
      // What a polling server needs of new descriptors is less than what a child process needs.
      const restore = await limitUntilTestEnds('nofile', open.length + 4);
      ask('Started at last.');
      await untilReported(/E(MFILE|AGAIN|NFILE)/);
      await restore();
      await answered('Started at last.');
      await expectOthersAnswered();
    },
    LIMIT_MS,
  );

  it(
    'a child process that is killed as it starts, while its input is written',
    async () => {
      const works = join(dataDir, 'work');
      const before = new Set(await pids(works));
      ask('Started anew.');
      const pid = await until(async () => (await pids(works)).find((one) => !before.has(one)));
      process.kill(Number(pid), 'SIGKILL');
      await answered('Started anew.');
      await expectOthersAnswered();
    },
    LIMIT_MS,
  );

  it(
    'connections that are reset within a request, or send what is no HTTP',
    async () => {
      const half = await openSocket();
      half.write(createRequest(1_000) + '{"chat_id":');
      const garbage = await openSocket();
      garbage.write('\0\xff GARBAGE \r\n\r\n');
      await closed(garbage);
      const endless = await openSocket();
      endless.write(`GET / HTTP/1.1\r\nx: ${'x'.repeat(100_000)}\r\n\r\n`);
      await closed(endless);
      const chunks = await openSocket();
      chunks.write('POST /session/create HTTP/1.1\r\nhost: here\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n');
      await closed(chunks);
      half.resetAndDestroy();
      await expectOthersAnswered();
    },
    LIMIT_MS,
  );

  it(
    'connections that are closed halfway, want another protocol, or never go on',
    async () => {
      const mute = await openSocket();
      const halfway = await openSocket();
      halfway.end(createRequest(10));
      await closed(halfway);
      for (const head of [
        'CONNECT elsewhere:443 HTTP/1.1',
        'GET / HTTP/1.1\r\nconnection: upgrade\r\nupgrade: x',
      ]) {
        const socket = await openSocket();
        socket.write(`${head}\r\nhost: here\r\n\r\n`);
        socket.write('\0 what the other protocol says', () => socket.resetAndDestroy());
        await closed(socket);
      }
      const webhook = await openSocket();
      webhook.write('POST /webhook HTTP/1.1\r\nhost: here\r\ncontent-length: 100\r\n\r\n{', () =>
        webhook.resetAndDestroy(),
      );
      await closed(webhook);
      await expectOthersAnswered();
      mute.resetAndDestroy();
    },
    LIMIT_MS,
  );

  it(
    'a connection that is reset within a streamed answer',
    async () => {
      const gate = createGate();
      const words = question(['The first half, ', gate, 'and the second.']);
      const socket = await openSocket();
      const body = JSON.stringify({ chat_id: '77', user_message: words });
      socket.write(createRequest(Buffer.byteLength(body)) + body);
      await gate.reached;
      await once(socket, 'data');
      socket.resetAndDestroy();
      gate.release();
      await expectOthersAnswered();
    },
    LIMIT_MS,
  );

  it(
    'a connection to the model that is cut within its answer',
    async () => {
      askCutOff('Whole.');
      await telegram.waitForMessage(PERSON, (text) => text.includes('Whole.'));
      await expectOthersAnswered();
    },
    LIMIT_MS,
  );

  it(
    'polls that are cut, and answers of Telegram that are lost',
    async () => {
      let cut = 0;
      onTestFinished(() => {
        telegram.intercept = undefined;
      });
      telegram.intercept = ({ method }) => {
        if (method !== 'getUpdates' && method !== 'sendChatAction') return undefined;
        cut += 1;
        return cut % 2 === 0 ? 'drop' : 'lost_answer';
      };
      ask('Through it all.');
      await until(() => (cut >= 2 ? cut : undefined));
      telegram.intercept = undefined;
      await answered('Through it all.');
      await expectOthersAnswered();
    },
    LIMIT_MS,
  );

  it.runIf(existsSync(PRLIMIT))(
    'a store that cannot write any more',
    async () => {
      // A file beyond the limit fails in the middle of its writing, as it does on a full disk.
      const restore = await limitUntilTestEnds('fsize', 1024 * 1024);
      const content = new Uint8Array(2 * 1024 * 1024).fill(7);
      telegram.standIn.sendAsUser({
        chat_id: PERSON,
        text: question(['I have it.']),
        files: [{ name: 'large.bin', mediaType: 'application/octet-stream', content }],
      });
      await untilReported(/EFBIG/);
      await restore();
      await answered('I have it.');
      await expectOthersAnswered();
    },
    LIMIT_MS,
  );

  it.runIf(existsSync(PRLIMIT))(
    'files of every kind that cannot be written: stores, homes, logs, and all databases',
    async () => {
      const restore = await limitUntilTestEnds('fsize', 0);
      ask('Written at last.');
      await untilReported(/EFBIG|full|disk|I\/O/i);
      await restore();
      await answered('Written at last.');
      await expectOthersAnswered();
    },
    LIMIT_MS,
  );

  it(
    'databases that somebody else holds',
    async () => {
      const names = (await readdir(dataDir)).filter((name) => /\.(sqlite|db)$/.test(name));
      expect(names.length).toBeGreaterThan(3);
      const held = names.map((name) => new DatabaseSync(join(dataDir, name), { timeout: 10_000 }));
      for (const database of held) database.exec('BEGIN IMMEDIATE');
      ask('Held no more.');
      await untilReported(/lock|busy/i);
      for (const database of held) {
        database.exec('ROLLBACK');
        database.close();
      }
      await answered('Held no more.');
      await expectOthersAnswered();
    },
    LIMIT_MS,
  );

  it(
    'a store that cannot be read',
    async () => {
      ask('Remembered.');
      await answered('Remembered.');
      const conversation = await conversationOf(`Question ${asked}`);
      await rename(conversation, `${conversation}.aside`);
      // It is opened, and its first read fails (EISDIR).
      await mkdir(conversation);
      ask('All of it.');
      await untilReported(/EISDIR/);
      await rmdir(conversation);
      await rename(`${conversation}.aside`, conversation);
      await answered('All of it.');
      await expectOthersAnswered();
    },
    LIMIT_MS,
  );
});

/** The last one, because nothing is heard of the server after it. */
it(
  'Another chat is answered by the same process although nobody reads its log any more, and a pipe’s signal is sent',
  async () => {
    server.stdout?.destroy();
    server.stderr?.destroy();
    process.kill(Number(server.pid), 'SIGPIPE');
    // What goes wrong is written to the log, which is gone.
    askCutOff('Whole again.');
    await telegram.waitForMessage(PERSON, (text) => text.includes('Whole again.'));
    await expectOthersAnswered();
  },
  LIMIT_MS,
);

async function pids(works: string): Promise<string[]> {
  const homes = await readdir(works).catch(() => []);
  const found = await Promise.all(
    homes.map((home) => readFile(join(works, home, 'cli.pid'), 'utf8').catch(() => '')),
  );
  return found.filter((pid) => /^\d+$/.test(pid.trim()));
}

/** @returns the path of the stored conversation in which this was said. */
async function conversationOf(words: string): Promise<string> {
  const sessions = join(dataDir, 'objects', 'sessions');
  return until(async () => {
    for (const session of await readdir(sessions)) {
      const path = join(sessions, session, 'conversation.jsonl');
      if (existsSync(path) && (await readFile(path, 'utf8')).includes(words)) return path;
    }
    return undefined;
  });
}
