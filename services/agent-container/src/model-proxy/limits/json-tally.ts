// bytes of JSON, cut anywhere → how much a parser would have to build for them, counted without building anything

/** How much one JSON text may ask of a parser. */
export interface JsonLimits {
  /** Containers within containers. */
  readonly maxDepth: number;
  /** Objects, arrays, strings, keys, numbers and literals together. */
  readonly maxItems: number;
  /** Of one object. Keys can be chosen so that a hash table takes quadratic time for them. */
  readonly maxKeysOfObject: number;
  /** Of one key, as it is written. */
  readonly maxKeyBytes: number;
  /** Of one number or literal, as it is written. */
  readonly maxTokenBytes: number;
}

const BETWEEN = 0;
const QUOTE = 1;
const OPEN = 2;
const CLOSE = 3;
const COLON = 4;
const TOKEN = 5;
const BACKSLASH = 0x5c;
const QUOTE_BYTE = 0x22;

/** What a byte is outside of a string. */
const KIND = new Uint8Array(256).fill(TOKEN);
for (const between of ' \t\r\n,') KIND[between.charCodeAt(0)] = BETWEEN;
for (const open of '[{') KIND[open.charCodeAt(0)] = OPEN;
for (const close of ']}') KIND[close.charCodeAt(0)] = CLOSE;
KIND[QUOTE_BYTE] = QUOTE;
KIND[':'.charCodeAt(0)] = COLON;

/**
 * Counts what stands in a JSON text, in linear time and constant memory. For JSON the counts are exact; for anything else they are
 * at least what a parser meets before it gives up. Whether the text is JSON is for the parser to say.
 */
export class JsonTally {
  readonly #limits: JsonLimits;
  /** Keys of each container that is open now. */
  readonly #keys: Uint32Array;
  #items = 0;
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  /** Bytes so far of the string or token that is being read; of the last string, when none is. */
  #length = 0;
  #isInToken = false;
  #problem: string | undefined;

  constructor(limits: JsonLimits) {
    this.#limits = limits;
    this.#keys = new Uint32Array(limits.maxDepth + 1);
  }

  /** Objects, arrays, strings, keys, numbers and literals so far. */
  get items(): number {
    return this.#items;
  }

  /** @returns what is wrong with all bytes so far; once something is, it stays. */
  add(bytes: Uint8Array): string | undefined {
    let at = 0;
    while (this.#problem === undefined && at < bytes.length)
      at = this.#isInString ? this.#passString(bytes, at) : this.#passStructure(bytes, at);
    return this.#problem;
  }

  /** @returns what is wrong with a text that ends here. */
  end(): string | undefined {
    if (this.#isInString || this.#depth > 0) this.#problem ??= 'The request is cut off';
    return this.#problem;
  }

  /** @returns where the string's closing quote has been passed, or where the bytes end. */
  #passString(bytes: Uint8Array, from: number): number {
    let at = from;
    if (this.#isEscaped) {
      this.#isEscaped = false;
      at += 1;
    }
    for (; at < bytes.length; at += 1) {
      const byte = bytes[at];
      if (byte === BACKSLASH) at += 1;
      else if (byte === QUOTE_BYTE) break;
    }
    // An escape's second byte may be the next chunk's first.
    this.#isEscaped = at > bytes.length;
    const end = Math.min(at, bytes.length);
    this.#length += end - from;
    if (at >= bytes.length) return end;
    this.#isInString = false;
    return end + 1;
  }

  /** @returns where a string has begun, a limit is passed, or the bytes end. */
  #passStructure(bytes: Uint8Array, from: number): number {
    const { maxDepth, maxItems, maxKeysOfObject, maxKeyBytes, maxTokenBytes } = this.#limits;
    for (let at = from; at < bytes.length; at += 1) {
      const kind = KIND[bytes[at] ?? 0];
      if (kind === TOKEN) {
        if (!this.#isInToken) this.#begin();
        this.#isInToken = true;
        this.#length += 1;
        if (this.#length > maxTokenBytes) return this.#fail('holds a number that is too long', at);
      } else {
        this.#isInToken = false;
        if (kind === QUOTE) {
          this.#begin();
          this.#isInString = true;
        } else if (kind === OPEN) {
          this.#items += 1;
          this.#depth += 1;
          if (this.#depth > maxDepth) return this.#fail('is nested too deeply', at);
          this.#keys[this.#depth] = 0;
        } else if (kind === CLOSE) {
          this.#depth -= 1;
          if (this.#depth < 0) return this.#fail('is not JSON', at);
        } else if (kind === COLON) {
          const keys = (this.#keys[this.#depth] ?? 0) + 1;
          this.#keys[this.#depth] = keys;
          if (keys > maxKeysOfObject) return this.#fail('holds an object with too many fields', at);
          if (this.#length > maxKeyBytes) return this.#fail('holds a field whose name is too long', at);
        }
      }
      if (this.#items > maxItems) return this.#fail('holds too many values', at);
      if (this.#isInString) return at + 1;
    }
    return bytes.length;
  }

  #begin(): void {
    this.#items += 1;
    this.#length = 0;
  }

  #fail(problem: string, at: number): number {
    this.#problem = `The request ${problem}`;
    return at;
  }
}

/**
 * Parses JSON that somebody else wrote, once it is known to be cheap enough.
 * @throws Error when it passes a limit, SyntaxError when it is not JSON
 */
export function parseWithin(text: Buffer, limits: JsonLimits): unknown {
  const tally = new JsonTally(limits);
  const problem = tally.add(text) ?? tally.end();
  if (problem !== undefined) throw new Error(problem);
  return JSON.parse(text.toString('utf8'));
}
