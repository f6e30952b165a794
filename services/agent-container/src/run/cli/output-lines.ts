// chunks of bytes → lines, of which long ones lose the ends of their long texts while they arrive
import { AgentError } from '../../errors.ts';
import type { OutputLimits } from './output-limits.ts';

const LINE_FEED = 0x0a;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LETTER_U = 0x75;
/** Opening brackets and commas: one for each value of a JSON text. */
const MEMBERS = new Set([0x7b, 0x5b, 0x2c]);
const FIRST_CAPACITY = 64 * 1024;

/** One line of the CLI's output. */
export interface OutputLine {
  readonly bytes: Buffer;
  /** Whether some text in it was cut. */
  readonly isCut: boolean;
}

/** @returns the error of a turn whose CLI writes more than any honest one does; tried again, it would do the same. */
export function overrun(what: string): AgentError {
  return new AgentError('agent_overran', `The agent was stopped: ${what}`);
}

/** Gathers one line after another; never holds more than the limits allow, however the bytes are cut into chunks. */
export class OutputLines {
  readonly #limits: OutputLimits;
  #line: GatheredLine;

  constructor(limits: OutputLimits) {
    this.#limits = limits;
    this.#line = new GatheredLine(limits);
  }

  /** @throws AgentError `agent_overran` */
  *take(chunk: Buffer): Generator<OutputLine, void, undefined> {
    for (let start = 0; start < chunk.byteLength;) {
      const end = chunk.indexOf(LINE_FEED, start);
      this.#line.add(chunk.subarray(start, end === -1 ? chunk.byteLength : end));
      if (end === -1) return;
      const line = this.#line;
      this.#line = new GatheredLine(this.#limits);
      yield { bytes: line.bytes, isCut: line.isCut };
      start = end + 1;
    }
  }
}

class GatheredLine {
  readonly #limits: OutputLimits;
  #buffer: Buffer = Buffer.alloc(0);
  #length = 0;
  #arrived = 0;
  #scan: TextCutter | undefined;

  constructor(limits: OutputLimits) {
    this.#limits = limits;
  }

  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  get isCut(): boolean {
    return this.#scan?.hasCut === true;
  }

  add(part: Buffer): void {
    this.#arrived += part.byteLength;
    if (this.#arrived > this.#limits.lineBytes) throw overrun('it wrote a line that is too long');
    if (!this.#scan && this.#arrived > this.#limits.wholeLineBytes) this.#beginToCut();
    if (this.#scan) this.#addCut(part);
    else this.#append(part, 0, part.byteLength);
  }

  #beginToCut(): void {
    const whole = Buffer.from(this.bytes);
    this.#length = 0;
    this.#scan = new TextCutter(this.#limits);
    this.#addCut(whole);
  }

  #addCut(part: Buffer): void {
    this.#scan?.pass(part, (start, end) => this.#append(part, start, end));
  }

  /** In one buffer that doubles: a line that comes byte by byte must not become millions of small ones. */
  #append(part: Buffer, start: number, end: number): void {
    const needed = this.#length + end - start;
    if (needed > this.#limits.keptLineBytes) throw overrun('it wrote a line that is too long');
    if (this.#buffer.byteLength === 0 && start === 0 && end === part.byteLength) this.#buffer = part;
    else if (needed > this.#buffer.byteLength || this.#length === this.#buffer.byteLength) {
      const capacity = Math.max(FIRST_CAPACITY, this.#buffer.byteLength * 2, needed);
      const grown = Buffer.allocUnsafe(Math.min(capacity, this.#limits.keptLineBytes));
      this.bytes.copy(grown);
      part.copy(grown, this.#length, start, end);
      this.#buffer = grown;
    } else part.copy(this.#buffer, this.#length, start, end);
    this.#length = needed;
  }
}

/** Follows JSON byte by byte and leaves out what its texts have over the limit; what is left is JSON again. */
class TextCutter {
  readonly #limits: OutputLimits;
  hasCut = false;
  #isText = false;
  /** Bytes that belong to an escape which has begun; between two of them no cut is made. */
  #escape = 0;
  #isAfterBackslash = false;
  #textLength = 0;
  #members = 0;
  #dropping = false;

  constructor(limits: OutputLimits) {
    this.#limits = limits;
  }

  /** @param keep is told the ranges of the part that stay. */
  pass(part: Buffer, keep: (start: number, end: number) => void): void {
    let start = 0;
    let isKeeping = !this.#dropping;
    for (let at = 0; at < part.byteLength; at += 1) {
      this.#read(part[at] ?? 0);
      if (this.#dropping === !isKeeping) continue;
      if (isKeeping) keep(start, at);
      isKeeping = !isKeeping;
      start = at;
    }
    if (isKeeping) keep(start, part.byteLength);
  }

  #read(byte: number): void {
    if (!this.#isText) {
      if (byte === QUOTE) {
        this.#isText = true;
        this.#textLength = 0;
      } else if (MEMBERS.has(byte)) {
        this.#members += 1;
        if (this.#members > this.#limits.lineMembers) throw overrun('it wrote a line of too many parts');
      }
      return;
    }
    if (this.#isAfterBackslash) {
      this.#isAfterBackslash = false;
      this.#escape = byte === LETTER_U ? 4 : 0;
    } else if (this.#escape > 0) this.#escape -= 1;
    else if (byte === QUOTE) {
      this.#isText = false;
      this.#dropping = false;
      return;
    } else {
      // Neither within a character of several bytes nor within an escape.
      if ((byte & 0xc0) !== 0x80 && this.#textLength >= this.#limits.textBytes) {
        this.#dropping = true;
        this.hasCut = true;
      }
      if (byte === BACKSLASH) this.#isAfterBackslash = true;
    }
    this.#textLength += 1;
  }
}
