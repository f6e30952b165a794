// bytes, cut anywhere → lines of a stream of server-sent events → the JSON in their data
import { StringDecoder } from 'node:string_decoder';

const MAX_LINE_CHARACTERS = 25 * 1024 * 1024;

/** Reads the events that Anthropic streams; each has its JSON in a single `data` line (https://docs.claude.com/en/docs/build-with-claude/streaming). */
export class ServerSentEventReader {
  readonly #decoder = new StringDecoder('utf8');
  #held = '';

  /**
   * @returns the events that are complete by now.
   * @throws Error when it is no such stream
   */
  read(bytes: Buffer): unknown[] {
    const lines = (this.#held + this.#decoder.write(bytes)).split(/\r?\n/);
    this.#held = lines.pop() ?? '';
    if (this.#held.length > MAX_LINE_CHARACTERS) throw new Error('This is no stream of events');
    return lines
      .filter((line) => line.startsWith('data:'))
      .map((line): unknown => JSON.parse(line.slice('data:'.length)));
  }
}
