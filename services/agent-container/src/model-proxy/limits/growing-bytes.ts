const FIRST_BYTES = 4096;

/**
 * Collects bytes that come in chunks. Each chunk is copied, so that a sender of many small ones costs no more than their bytes, and
 * each byte is copied a bounded number of times.
 */
export class GrowingBytes {
  #held: Buffer = Buffer.alloc(0);
  #from = 0;
  #to = 0;

  get length(): number {
    return this.#to - this.#from;
  }

  add(chunk: Uint8Array): void {
    if (this.#to + chunk.length > this.#held.length) this.#makeRoom(chunk.length);
    this.#held.set(chunk, this.#to);
    this.#to += chunk.length;
  }

  /** @returns the first bytes, which stay; good until bytes are added. */
  peek(length: number): Buffer {
    return this.#held.subarray(this.#from, Math.min(this.#from + length, this.#to));
  }

  /** @returns the first bytes, which are taken out; good until bytes are added. */
  take(length: number): Buffer {
    const taken = this.peek(length);
    this.#from += taken.length;
    return taken;
  }

  #makeRoom(bytes: number): void {
    const { length } = this;
    const needed = length + bytes;
    // Moved to the front only when that frees half of the room: otherwise every chunk would move all that is held.
    const next =
      needed * 2 <= this.#held.length
        ? this.#held
        : Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, needed * 2));
    this.#held.copy(next, 0, this.#from, this.#to);
    this.#held = next;
    this.#from = 0;
    this.#to = length;
  }
}
