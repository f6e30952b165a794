import { createInterface, type Interface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import type { Readable } from 'node:stream';

export interface Question {
  readonly text: string;
  /** What is typed is not shown. */
  readonly isSecret?: boolean;
  /** @returns what is wrong with the answer; undefined when it will do. */
  readonly problemOf?: (answer: string) => Promise<string | undefined> | string | undefined;
}

/** Somebody who can be asked. */
export interface Asker {
  /** Asks again until the answer will do. */
  ask(question: Question): Promise<string>;
  /** Only a clear yes is one. */
  confirm(text: string): Promise<boolean>;
  close(): void;
}

/** Asks on a terminal. */
export class TerminalAsker implements Asker {
  readonly #output: NodeJS.WritableStream;
  readonly #lines: Interface;
  #isMuted = false;

  constructor(
    input: Readable = process.stdin,
    output: NodeJS.WritableStream = process.stderr,
    isTerminal: boolean = process.stdin.isTTY,
  ) {
    this.#output = output;
    const echo = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        if (!this.#isMuted) output.write(chunk);
        done();
      },
    });
    this.#lines = createInterface({ input, output: echo, terminal: isTerminal, historySize: 0 });
  }

  async ask({ text, isSecret = false, problemOf }: Question): Promise<string> {
    for (;;) {
      const answer = await this.#line(`${text}: `, isSecret);
      const problem = answer === '' ? 'Please answer, or end this with Ctrl-C.' : await problemOf?.(answer);
      if (problem === undefined) return answer;
      this.#output.write(`  ${problem}\n`);
    }
  }

  async confirm(text: string): Promise<boolean> {
    return /^(y|yes)$/i.test(await this.#line(`${text} [y/N] `, false));
  }

  close(): void {
    this.#lines.close();
  }

  async #line(prompt: string, isSecret: boolean): Promise<string> {
    const ended = new AbortController();
    const end = (): void => ended.abort();
    // Ctrl-C and the end of the input would otherwise leave the question open for ever.
    this.#lines.once('close', end).once('SIGINT', end);
    // readline writes a prompt whenever it draws the line anew, so a muted one has to be written here.
    if (isSecret) this.#output.write(prompt);
    this.#isMuted = isSecret;
    try {
      return (await this.#lines.question(isSecret ? '' : prompt, { signal: ended.signal })).trim();
    } finally {
      this.#isMuted = false;
      if (isSecret) this.#output.write('\n');
      this.#lines.off('close', end).off('SIGINT', end);
    }
  }
}
