// the CLI's stdout and stdin, which may be in an attacker's hands → bounded lines, questions and answers → the SDK
import { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { OutputGate } from './output-gate.ts';
import { OutputLines, overrun } from './output-lines.ts';
import { OUTPUT_LIMITS, type OutputLimits } from './output-limits.ts';
import { OutputPace } from './output-pace.ts';
import { type SlimLine, slimLine } from './slim-message.ts';

export interface CliChannelOptions {
  readonly gate: OutputGate;
  readonly limits?: OutputLimits | undefined;
  /** Called once, when the CLI breaks a limit or the protocol: it is to be ended at once. */
  readonly onViolation: (error: unknown) => void;
}

const UNREAD = 'it did not read what it had asked for';

/** Stands between the CLI's two streams and the SDK, which reads without any limit. */
export class CliChannel {
  readonly #gate: OutputGate;
  readonly #limits: OutputLimits;
  readonly #onViolation: (error: unknown) => void;
  /** Of the CLI, not answered yet. */
  readonly #questions = new Set<string>();
  /** Of the SDK, not answered yet. */
  readonly #asked = new Set<string>();
  #answered = Promise.withResolvers<undefined>();
  #requests = 0;
  #isBroken = false;

  constructor({ gate, limits = OUTPUT_LIMITS, onViolation }: CliChannelOptions) {
    this.#gate = gate;
    this.#limits = limits;
    this.#onViolation = onViolation;
  }

  /** @returns what the SDK may read of it. It ends early, without an error, when a limit is broken; `onViolation` has the reason. */
  outputOf(stdout: Readable): Readable {
    const output = Readable.from(this.#passed(stdout), { objectMode: false });
    // Whoever destroys it is told by the process's end.
    output.on('error', () => undefined);
    return output;
  }

  /** @returns what the SDK may write to. A CLI that has gone, or does not read, takes nothing more; the process's end says so. */
  inputOf(stdin: Writable): Writable {
    stdin.on('error', () => undefined);
    const input: Writable = new Writable({
      decodeStrings: false,
      write: (chunk: string | Buffer, _encoding, done) => {
        this.#noteWritten(String(chunk));
        if (stdin.destroyed || stdin.writableEnded) done();
        else if (stdin.write(chunk)) done();
        else this.#whenDrained(stdin, done);
      },
      final: (done) => {
        if (stdin.destroyed) done();
        else stdin.end(() => done());
      },
    });
    const write = input.write.bind(input) as (chunk: unknown) => boolean;
    // The SDK does not wait for a full stream, so the stream has to say when it is too full.
    input.write = (chunk: unknown): boolean => {
      const hasRoom = write(chunk);
      if (input.writableLength > this.#limits.waitingInputBytes) this.#break(overrun(UNREAD));
      return hasRoom;
    };
    input.on('error', () => undefined);
    stdin.on('close', () => input.destroy());
    return input;
  }

  /** Nothing passes any more, and nobody waits. */
  close(): void {
    this.#isBroken = true;
    this.#answered.resolve(undefined);
    this.#gate.open();
  }

  async *#passed(stdout: Readable): AsyncGenerator<Buffer, void, undefined> {
    const lines = new OutputLines(this.#limits);
    const pace = new OutputPace(this.#limits);
    try {
      for await (const chunk of stdout as AsyncIterable<Buffer>) {
        const passed: string[] = [];
        let count = 0;
        for (const { bytes, isCut } of lines.take(chunk)) {
          count += 1;
          const line = slimLine(bytes, isCut);
          if (line && this.#mayPass(line)) passed.push(line.json);
          if (this.#questions.size < this.#limits.openRequests) continue;
          if (passed.length > 0) yield together(passed.splice(0));
          await this.#untilAnswered();
          if (this.#isBroken) return;
        }
        const excess = pace.count(count, chunk.byteLength);
        if (excess !== undefined) throw overrun(`it wrote too many ${excess} in one turn`);
        if (passed.length > 0) yield together(passed);
        await this.#gate.whenOpen();
        if (pace.waitMs > 0) await delay(pace.waitMs);
        if (this.#isBroken) return;
      }
    } catch (error) {
      // A stream that was cut off ends like one that was closed: the process tells the rest.
      if (!isStreamError(error)) this.#break(error);
    }
  }

  async #untilAnswered(): Promise<void> {
    while (this.#questions.size >= this.#limits.openRequests && !this.#isBroken) await this.#answered.promise;
  }

  #mayPass(line: SlimLine): boolean {
    switch (line.kind) {
      case 'request':
        this.#requests += 1;
        if (this.#requests > this.#limits.turnRequests)
          throw overrun('it asked too many questions in one turn');
        // The SDK answers one of several with the same id.
        if (this.#questions.has(line.id)) return false;
        this.#questions.add(line.id);
        return true;
      case 'response':
        return this.#asked.delete(line.id);
      case 'cancel':
        return this.#questions.has(line.id);
      case 'message':
        return true;
    }
  }

  /** The SDK writes one line a call. */
  #noteWritten(text: string): void {
    const [, kind] = /"type":"control_(request|response)"/.exec(text) ?? [];
    if (kind === undefined) return;
    const id = /"request_id":"((?:[^"\\]|\\.)*)"/.exec(text)?.[1];
    if (id === undefined) return;
    if (kind === 'request') this.#asked.add(id);
    else if (this.#questions.delete(JSON.parse(`"${id}"`) as string)) {
      this.#answered.resolve(undefined);
      this.#answered = Promise.withResolvers<undefined>();
    }
  }

  #whenDrained(stdin: Writable, done: () => void): void {
    const impatience = setTimeout(() => this.#break(overrun(UNREAD)), this.#limits.unreadInputMs);
    const go = (): void => {
      clearTimeout(impatience);
      stdin.off('drain', go).off('close', go).off('error', go);
      done();
    };
    stdin.on('drain', go).on('close', go).on('error', go);
  }

  #break(error: unknown): void {
    if (this.#isBroken) return;
    this.close();
    this.#onViolation(error);
  }
}

function together(lines: readonly string[]): Buffer {
  return Buffer.from(`${lines.join('\n')}\n`);
}

/** Of the stream itself: the process was ended, or its end of the pipe broke. */
function isStreamError(error: unknown): boolean {
  return (
    error instanceof Error &&
    ('syscall' in error || ('code' in error && String(error.code).startsWith('ERR_STREAM')))
  );
}
