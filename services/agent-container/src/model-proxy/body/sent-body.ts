import type { GiveBack } from '../limits/fair-share.ts';

const NOTHING = Buffer.alloc(0);

/** A body that is ready to be sent; it is held, and counted as held, until it is let go. */
export class SentBody {
  /** In hexadecimal. */
  readonly sha256: string;
  readonly #giveBack: GiveBack;
  #bytes: Uint8Array;

  /** @param giveBack is called when the body is let go. */
  constructor(bytes: Uint8Array, sha256: string, giveBack: GiveBack) {
    this.#bytes = bytes;
    this.sha256 = sha256;
    this.#giveBack = giveBack;
  }

  /** Empty once it was let go. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** A second time does nothing. */
  letGo(): void {
    this.#bytes = NOTHING;
    this.#giveBack();
  }
}
