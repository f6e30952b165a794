import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Blow, Life } from '../evidence/evidence.ts';
import { runningClis } from '../harm/running-cli.ts';
import type { Trouble } from './troubles.ts';
import { type FailedCall, readFailedCall } from '../harm/faulty-port.ts';

const MAX_STARTS = 10;
const START_AGAIN_MS = 500;

interface Start {
  readonly file: string;
  readonly environment: NodeJS.ProcessEnv;
  /** For the life that begins, which has a name of its own. */
  readonly options: (life: string) => Promise<object>;
  /** Its stderr goes to a file here. */
  readonly logDir: string;
}

/** One process of the system, through all its lives. */
export class ChaosProcess {
  readonly name: string;
  readonly #start: Start;
  readonly #blows: Blow[];
  readonly #log: number;
  #child: ChildProcess | undefined;
  #lives = 0;
  #port: number | undefined;
  #blow: Promise<void> = Promise.resolve();
  readonly #failedCalls: FailedCall[] = [];
  readonly #livesLed: { process: string; fromMs: number; untilMs: number }[] = [];
  #isOver = false;

  /** @param blows what is done to it is written down here. */
  constructor(name: string, start: Start, blows: Blow[]) {
    this.name = name;
    this.#start = start;
    this.#blows = blows;
    this.#log = openSync(join(start.logDir, `${name}.log`), 'a');
  }

  /** Undefined while it is dead. */
  get port(): number | undefined {
    return this.#port;
  }

  /** The calls to its stores that it made fail. */
  get failedCalls(): readonly FailedCall[] {
    return this.#failedCalls;
  }

  /** Its lives so far; the present one has no end yet. */
  get livesLed(): readonly Life[] {
    return this.#livesLed;
  }

  /** The name of its present life. */
  get life(): string {
    return `${this.name}#${this.#lives}`;
  }

  /**
   * Begins a life, as a supervisor would: a process that ends before it is ready is started again.
   * @throws Error when it never becomes ready.
   */
  async start(): Promise<void> {
    for (let tries = 1; !(await this.#begin()); tries += 1) {
      if (tries === MAX_STARTS) throw new Error(`${this.name} does not start; see ${this.name}.log`);
      await delay(START_AGAIN_MS);
    }
  }

  /** @returns false when the process ended before it was ready. */
  async #begin(): Promise<boolean> {
    if (this.#isOver) return true;
    this.#lives += 1;
    const options = JSON.stringify(await this.#start.options(this.life));
    const child = fork(this.#start.file, [options], {
      stdio: ['ignore', this.#log, this.#log, 'ipc'],
      env: this.#start.environment,
    });
    this.#child = child;
    const exited = once(child, 'exit').then(() => undefined);
    const ready = (await Promise.race([once(child, 'message'), exited])) as [{ port: number }] | undefined;
    this.#port = ready?.[0].port;
    if (ready) this.#livesLed.push({ process: this.life, fromMs: Date.now(), untilMs: Infinity });
    // It is ready first, and fails afterwards.
    child.on('message', (message) => {
      const failed = readFailedCall(message);
      if (failed) this.#failedCalls.push(failed);
    });
    return ready !== undefined || this.#isOver;
  }

  /** SIGKILL; after a while the next life begins. What was done to it before ends first. */
  async kill(restartAfterMs: number): Promise<void> {
    await this.#alone(async (child) => {
      const atMs = Date.now();
      this.#blows.push({ kind: 'kill', process: this.life, atMs, untilMs: Infinity });
      this.#port = undefined;
      const life = this.#livesLed.at(-1);
      if (life) life.untilMs = atMs;
      await killed(child);
      await delay(restartAfterMs);
      await this.start();
    });
  }

  /**
   * SIGKILL for one of the CLIs that it runs, if there is one.
   * @param choose picks one of them, or none.
   */
  async killCli(choose: (pids: readonly number[]) => number | undefined): Promise<void> {
    const pid = this.#child?.pid;
    if (pid === undefined || this.#isOver || this.#port === undefined) return;
    const chosen = choose(await runningClis(pid));
    if (chosen === undefined || !endIfRunning(chosen)) return;
    this.#blows.push({ kind: 'kill', process: cliOf(this.life), atMs: Date.now(), untilMs: Infinity });
  }

  /** SIGSTOP, and after a while SIGCONT. What was done to it before ends first. */
  async freeze(forMs: number): Promise<void> {
    await this.#alone(async (child) => {
      const atMs = Date.now();
      child.kill('SIGSTOP');
      await delay(forMs);
      this.#blows.push({ kind: 'freeze', process: this.life, atMs, untilMs: Date.now() });
      child.kill('SIGCONT');
    });
  }

  /** Its writes fail as on a full disk, for so long. */
  async fillDisk(forMs: number): Promise<void> {
    const child = this.#child;
    const process = this.life;
    if (!child || !tell(child, { trouble: 'disk', isFull: true })) return;
    const atMs = Date.now();
    await delay(forMs);
    this.#blows.push({ kind: 'disk full', process, atMs, untilMs: Date.now() });
    tell(child, { trouble: 'disk', isFull: false });
  }

  /** Its clock is so far ahead of the machine's for the rest of its life, in ms; less than 0: behind. */
  setClock(aheadMs: number): void {
    if (!this.#child || !tell(this.#child, { trouble: 'clock', aheadMs })) return;
    this.#blows.push({ kind: 'clock set', process: this.life, atMs: Date.now(), untilMs: Infinity });
  }

  /** Ends the process for good. */
  async end(): Promise<void> {
    this.endNow();
    if (this.#child && !hasEnded(this.#child)) await once(this.#child, 'exit');
  }

  /** As `end`, without waiting. */
  endNow(): void {
    this.#isOver = true;
    this.#port = undefined;
    if (this.#child && !hasEnded(this.#child)) this.#child.kill('SIGKILL');
  }

  async #alone(blow: (child: ChildProcess) => Promise<void>): Promise<void> {
    this.#blow = this.#blow.then(async () => {
      if (this.#child && !this.#isOver) await blow(this.#child);
    });
    await this.#blow;
  }
}

/** @returns false when nobody is there to hear it. */
function tell(child: ChildProcess, trouble: Trouble): boolean {
  return child.connected && child.send(trouble);
}

async function killed(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

/** @returns the name of the CLIs of an agent server. */
export function cliOf(life: string): string {
  return `cli of ${life}`;
}

/** @returns whether it was still there. */
function endIfRunning(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}
