// who reads the SDK's messages → open while somebody waits for the next one, shut while one is worked on

/** Lets the CLI's output pass only as fast as its messages are read: what nobody has read yet waits in the CLI, not in our memory. */
export class OutputGate {
  #opening = Promise.withResolvers<undefined>();
  #isOpen = true;

  get isOpen(): boolean {
    return this.#isOpen;
  }

  open(): void {
    this.#isOpen = true;
    this.#opening.resolve(undefined);
  }

  shut(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#opening = Promise.withResolvers<undefined>();
  }

  async whenOpen(): Promise<void> {
    if (!this.#isOpen) await this.#opening.promise;
  }

  /**
   * Reads the messages. The SDK queues without a limit what it has read, so the gate opens only when the reader still waits after a round of
   * the event loop: then nothing is queued any more.
   */
  async *reading<T>(messages: AsyncIterator<T>): AsyncGenerator<T, void, undefined> {
    for (;;) {
      const waiting = setImmediate(() => this.open());
      let next: IteratorResult<T>;
      try {
        next = await messages.next();
      } finally {
        clearImmediate(waiting);
      }
      if (next.done === true) return;
      this.shut();
      yield next.value;
    }
  }
}
