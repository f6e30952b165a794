// bytes, cut anywhere → lines of a stream of server-sent events → the JSON in their data
import { GrowingBytes } from '../limits/growing-bytes.ts';
import { parseWithin } from '../limits/json-tally.ts';
import { ANSWER_LIMITS, EVENT_BYTES } from '../limits/proxy-limits.ts';

const LINE_FEED = 0x0a;
const FIELD = Buffer.from('data:');

/** Reads the events that Anthropic streams; each has its JSON in a single `data` line (https://docs.claude.com/en/docs/build-with-claude/streaming). */
export class ServerSentEventReader {
  /** The beginning of a line. */
  readonly #held = new GrowingBytes();

  /**
   * @returns the events that are complete by now.
   * @throws Error when it is no such stream
   */
  read(bytes: Buffer): unknown[] {
    const events: unknown[] = [];
    let from = 0;
    for (;;) {
      // Only new bytes are searched: what is held has no line feed.
      const end = bytes.indexOf(LINE_FEED, from);
      this.#hold(bytes.subarray(from, end === -1 ? undefined : end));
      if (end === -1) return events;
      from = end + 1;
      const line = this.#held.take(this.#held.length);
      if (line.subarray(0, FIELD.length).equals(FIELD))
        events.push(parseWithin(line.subarray(FIELD.length), ANSWER_LIMITS));
    }
  }

  #hold(bytes: Buffer): void {
    if (this.#held.length + bytes.length > EVENT_BYTES) throw new Error('This is no stream of events');
    this.#held.add(bytes);
  }
}
