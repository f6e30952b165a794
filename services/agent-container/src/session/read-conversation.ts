// store → conversation.jsonl, piece by piece → what no limit allows is left out → in memory
import { createHash } from 'node:crypto';
import type { OpenObject } from './store/session-store.ts';
import { LINE_LIMIT_BYTES, MAX_LINES, TRANSCRIPT_LIMIT_BYTES } from './transcript/transcript-limits.ts';

/** A stored conversation, as far as it is read. */
export interface ReadConversation {
  readonly body: Uint8Array;
  readonly version: string;
  /** Of the whole object, in hex. */
  readonly sha256: string;
  /**
   * What is missing in `body`: `nothing`; `lines` that are beyond a limit, each of which has left its two ends on its line; or the `end` of
   * what is larger than a transcript may be.
   */
  readonly leftOut: 'nothing' | 'lines' | 'end';
}

/** How much of a stored conversation is held in memory. In bytes, but for the lines. */
export interface ReadingLimits {
  readonly bytes: number;
  readonly lineBytes: number;
  readonly lines: number;
  /** Of each end of a line that is left out: what it says of its turn, it says where it begins or ends. */
  readonly keptEndBytes: number;
}

const READING_LIMITS: ReadingLimits = {
  bytes: TRANSCRIPT_LIMIT_BYTES,
  lineBytes: LINE_LIMIT_BYTES,
  lines: MAX_LINES,
  keptEndBytes: 64 * 1024,
};

/** Between the two ends. No JSON has this byte in it, so what is left of a line is never taken for an entry. */
const GAP = Buffer.of(0);
const LINE_FEED = 0x0a;

/**
 * Reads a stored conversation, whatever it is. No more is in memory than a transcript may have, and of a line no more than a line may have.
 * @throws AgentError `store_unavailable`
 */
export async function readConversation(
  object: OpenObject,
  limits: ReadingLimits = READING_LIMITS,
): Promise<ReadConversation> {
  const hash = createHash('sha256');
  const kept = new KeptLines(object.bytes, limits);
  for await (const piece of object.body) {
    hash.update(piece);
    kept.add(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength));
  }
  kept.end();
  const { body, leftOut } = kept;
  return { body, leftOut, version: object.version(), sha256: hash.digest('hex') };
}

class KeptLines {
  leftOut: ReadConversation['leftOut'] = 'nothing';
  readonly #limits: ReadingLimits;
  readonly #whole: Buffer;
  #bytes = 0;
  #lineStart = 0;
  #lines = 0;
  /** The last bytes of a line that is left out; undefined while the line is kept. */
  #tail: Buffer | undefined;

  constructor(objectBytes: number, limits: ReadingLimits) {
    this.#limits = limits;
    // Takes no memory before it is written. What is left of a line may be longer than a short line was.
    const mostBytes = Math.min(objectBytes, limits.bytes) + 2 * limits.keptEndBytes + GAP.byteLength;
    this.#whole = Buffer.allocUnsafeSlow(mostBytes);
  }

  get body(): Buffer {
    return this.#whole.subarray(0, this.#bytes);
  }

  add(piece: Buffer): void {
    for (let start = 0; start < piece.byteLength && this.leftOut !== 'end';) {
      // What comes behind so many lines is nothing but the end of one.
      const newline = this.#lines < this.#limits.lines ? piece.indexOf(LINE_FEED, start) : -1;
      const end = newline === -1 ? piece.byteLength : newline + 1;
      this.#addToLine(piece.subarray(start, end));
      if (newline !== -1) this.#endLine();
      start = end;
    }
  }

  end(): void {
    this.#endLine();
  }

  #addToLine(bytes: Buffer): void {
    const { keptEndBytes } = this.#limits;
    const lineBytes = this.#bytes - this.#lineStart;
    if (this.#tail === undefined && lineBytes + bytes.byteLength > this.#lineLimit()) {
      this.#tail = this.#whole.subarray(this.#lineStart, this.#bytes);
      this.#bytes = Math.min(this.#bytes, this.#lineStart + keptEndBytes);
      this.#append(bytes.subarray(0, Math.max(0, keptEndBytes - lineBytes)));
    }
    if (this.#tail !== undefined) {
      const ends = [this.#tail.subarray(-keptEndBytes), bytes.subarray(-keptEndBytes)];
      this.#tail = Buffer.concat(ends).subarray(-keptEndBytes);
    } else this.#append(bytes);
  }

  /** Behind the last line that is read, everything is one line, and none that is kept. */
  #lineLimit(): number {
    const { lines, lineBytes, keptEndBytes } = this.#limits;
    return this.#lines < lines ? lineBytes : keptEndBytes;
  }

  #endLine(): void {
    if (this.#tail !== undefined) {
      if (this.leftOut !== 'end') this.leftOut = 'lines';
      const tail = this.#tail;
      this.#tail = undefined;
      this.#append(GAP);
      this.#append(tail);
    }
    this.#lines += 1;
    this.#lineStart = this.#bytes;
  }

  #append(bytes: Buffer): void {
    const room = this.#whole.byteLength - this.#bytes;
    this.#bytes += bytes.copy(this.#whole, this.#bytes);
    if (bytes.byteLength > room) this.leftOut = 'end';
  }
}
