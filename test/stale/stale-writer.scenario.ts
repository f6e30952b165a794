import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished } from 'vitest';
import { createGate, startScriptedModel } from '../fakes/scripted-model.ts';
import { BOT_TOKEN, PERSON, startTelegramServer, WEBHOOK_SECRET } from '../fakes/telegram-server.ts';
import type { StaleOptions } from './config.ts';

const PROGRAM = fileURLToPath(new URL('system.process.ts', import.meta.url));

/** A process of the system and what it has said. */
class SystemProcess {
  readonly child: ChildProcess;
  readonly said: string[] = [];
  readonly #checks = new Set<() => void>();

  constructor(options: StaleOptions) {
    this.child = fork(PROGRAM, [JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
    if (!this.child.stdout) throw new Error('The process has no stdout');
    createInterface(this.child.stdout).on('line', (line) => {
      this.said.push(line);
      for (const check of this.#checks) check();
    });
    onTestFinished(async () => {
      if (this.child.exitCode !== null || this.child.signalCode !== null) return;
      this.child.kill('SIGKILL');
      await once(this.child, 'exit');
    });
  }

  /** @returns what follows the beginning in the first line, past or future, that begins so, or in a later one of them. */
  async until(beginning: string, count = 1): Promise<string> {
    const find = (): string | undefined =>
      this.said.filter((line) => line.startsWith(beginning))[count - 1]?.slice(beginning.length);
    return (
      find() ??
      new Promise((resolve) => {
        const check = (): void => {
          const found = find();
          if (found === undefined) return;
          this.#checks.delete(check);
          resolve(found);
        };
        this.#checks.add(check);
      })
    );
  }
}

/** The stores that the processes share, and all that they hold. */
export interface SharedStores {
  readonly options: Pick<StaleOptions, 'aws'>;
  /** @returns every object, mapping, lease, record of a turn, byte by byte; without the queue, which two processes poll. */
  readonly everything: (dataDir: string) => Promise<Readonly<Record<string, unknown>>>;
}

/**
 * Freezes a process in the middle of a turn of a session that it has restored, lets another one take over, answer that turn and one more,
 * and thaws the first: it must change nothing anywhere, and say why it gave up.
 */
export async function letStaleWriterThaw({ options, everything }: SharedStores): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'stale-writer-'));
  const telegram = await startTelegramServer();
  const model = await startScriptedModel();
  onTestFinished(async () => {
    await telegram.close();
    await model.close();
    await rm(root, { recursive: true, force: true });
  });
  const start = async (name: string): Promise<SystemProcess> => {
    const started = new SystemProcess({
      ...options,
      dataDir: root,
      workRoot: join(root, name),
      telegramUrl: telegram.apiRoot,
      botToken: BOT_TOKEN,
      webhookSecret: WEBHOOK_SECRET,
      person: String(PERSON),
      modelUrl: model.baseUrl,
    });
    const url = await started.until('ready ');
    telegram.standIn.start({ url: `${url}/webhook`, secret: WEBHOOK_SECRET });
    return started;
  };
  const say = (text: string): void => void telegram.standIn.sendAsUser({ chat_id: PERSON, text });
  const answered = (text: string): Promise<unknown> =>
    telegram.waitForMessage(PERSON, (shown) => shown === text);

  const first = await start('first-machine');
  model.reply('Noted.');
  say('The secret word is apple');
  await answered('Noted.');
  await first.until('done ');
  const [shown, gate] = [createGate(), createGate()];
  model.reply('Half', shown, ' of it', gate, ' and the rest.');
  say('What is it?');
  await answered('Half');
  shown.release();
  // By now the message is written down: else the next process could not know that it arrived, and would send another one.
  await answered('Half of it');
  first.child.kill('SIGSTOP');

  model.reply('Apple.');
  const second = await start('second-machine');
  await answered('Apple.');
  const overtaken = await second.until('done ');
  model.reply('Seven.');
  say('How many letters has it?');
  await answered('Seven.');
  await second.until('done ', 2);

  const before = await everything(root);
  const calls = telegram.calls.length;
  const toldBefore = first.said.length;
  gate.release();
  first.child.kill('SIGCONT');
  await first.until('error lease_lost');
  await first.until('error turn_taken_over');
  await first.until(`over ${overtaken}`);
  expect(telegram.calls.slice(calls).map(({ method }) => method)).toEqual([]);
  expect(await everything(root)).toEqual(before);
  expect(first.said.slice(toldBefore)).not.toContainEqual(expect.stringMatching(/^(done|later|retry) /));
  expect(telegram.botTexts(PERSON)).toEqual(['Noted.', 'Apple.', 'Seven.']);
}
