import { isMessage, type MessageEntry, type TranscriptEntry } from './transcript-entry.ts';

/** After these the model has more to say: a tool's result is awaited, or the CLI lets it go on. */
const UNFINISHED: readonly unknown[] = ['tool_use', 'pause_turn'];
const THINKING: readonly string[] = ['thinking', 'redacted_thinking'];

/** Follows a transcript entry by entry, and knows where its turns are whole. */
export class TranscriptTurns {
  readonly #seen = new Set<string>();
  readonly #openToolUses = new Set<string>();
  #promptId: string | undefined;
  #isAnswered = false;
  #isNextAnnounced = false;

  /** Whether the turn that was read last has come to its end. */
  get isWhole(): boolean {
    return this.#isAnswered;
  }

  /** Whether everything read so far belongs to whole turns: not so when the next message was queued already. */
  get isBetweenTurns(): boolean {
    return this.#isAnswered && !this.#isNextAnnounced;
  }

  /** @returns false when the entry hangs on one that was never there: the chain is broken before it. */
  read(entry: TranscriptEntry): boolean {
    const { parentUuid } = entry;
    if (typeof parentUuid === 'string' && !this.#seen.has(parentUuid)) return false;
    if (typeof entry.uuid === 'string') {
      // Written twice, it says nothing new: to the CLI an entry is its id.
      if (this.#seen.has(entry.uuid)) return true;
      this.#seen.add(entry.uuid);
    }
    if (entry.isSidechain === true) return true;
    if (!isMessage(entry)) this.#isNextAnnounced ||= entry.type === 'queue-operation';
    else if (entry.type === 'assistant') this.#readAssistant(entry);
    else this.#readUser(entry);
    return true;
  }

  /** The CLI writes an answer of several blocks as several entries, all with the whole answer's `stop_reason`. */
  #readAssistant({ message: { content, stop_reason } }: MessageEntry): void {
    for (const { type, id } of content)
      if (type === 'tool_use' && typeof id === 'string') this.#openToolUses.add(id);
    this.#isAnswered =
      this.#openToolUses.size === 0 &&
      !UNFINISHED.includes(stop_reason) &&
      content.some(({ type }) => !THINKING.includes(type));
  }

  #readUser(entry: MessageEntry): void {
    this.#isAnswered = false;
    const results = entry.message.content.filter(({ type }) => type === 'tool_result');
    for (const { tool_use_id: id } of results) if (typeof id === 'string') this.#openToolUses.delete(id);
    if (results.length > 0 || entry.isMeta === true || entry.isCompactSummary === true) return;
    // A second message under one prompt is the CLI's note that the user stopped the turn: it ends there.
    if (typeof entry.promptId === 'string' && entry.promptId === this.#promptId) this.#isAnswered = true;
    this.#promptId = entry.promptId ?? undefined;
    this.#openToolUses.clear();
    this.#isNextAnnounced = false;
  }
}
