import { isMessage, type MessageEntry, type TranscriptEntry } from './transcript-entry.ts';

const THINKING: readonly string[] = ['thinking', 'redacted_thinking'];

/** Inside of a JSON string its quotes would be escaped, so no text of a message is taken for one of these. */
const PROMPT_ID = /"promptId":"([^"]+)"/;
const ENQUEUED = '"operation":"enqueue"';
/**
 * What the conversation does not need: costs, requests, attachments of the CLI. An entry of the chain begins with its parent, bookkeeping
 * with its type; of a line that was cut before either, bookkeeping is assumed.
 */
const BOOKKEEPING = /^\s*\{("?$|"t)|"type":"attachment"|"attachment":\{/;

/** A block of an answer. */
const ANSWER = /"(role|type)":"assistant"/;

interface Turn {
  readonly promptId: string | undefined;
  isAnswered: boolean;
  /** Its message or a piece of its answer cannot be read. */
  isDamaged: boolean;
  /** Something cannot be read that may have been one of these. */
  isSuspect: boolean;
}

/** Follows a transcript entry by entry, and counts its turns: all, and those that have their message and its answer. */
export class TranscriptTurns {
  readonly #seen = new Set<string>();
  readonly #openToolUses = new Set<string>();
  readonly #turns: Turn[] = [];
  /** A message was announced, and is not there yet. */
  #isNextAnnounced = false;

  get whole(): number {
    return this.#turns.filter(isWhole).length;
  }

  get #turn(): Turn | undefined {
    return this.#turns.at(-1);
  }

  read(entry: TranscriptEntry): void {
    if (typeof entry.uuid === 'string') {
      // Written twice, it says nothing new: to the CLI an entry is its id.
      if (this.#seen.has(entry.uuid)) return;
      this.#seen.add(entry.uuid);
    }
    if (entry.isSidechain === true) return;
    if (!isMessage(entry)) this.#isNextAnnounced ||= entry.type === 'queue-operation';
    else if (entry.type === 'assistant') this.#readAssistant(entry);
    else this.#readUser(entry);
  }

  /** @param garbage text that stands where an entry is expected; it may be cut anywhere. */
  lose(garbage: string): void {
    const promptId = PROMPT_ID.exec(garbage)?.[1];
    if (garbage.includes(ENQUEUED)) this.#isNextAnnounced = true;
    if (BOOKKEEPING.test(garbage)) return;
    const before = this.#turn;
    const isNew = promptId === undefined ? this.#isNextAnnounced : promptId !== before?.promptId;
    const turn = isNew || !before ? this.#begin(promptId) : before;
    // A turn that begins so has no message.
    if (turn === before && promptId === undefined && !ANSWER.test(garbage)) turn.isSuspect = true;
    else turn.isDamaged = true;
  }

  /**
   * @param savedTurns as `whole` was when the conversation was saved, if that is known.
   * @returns the turns that lack their message, their answer or a part of it.
   */
  lost(savedTurns: number | undefined): number {
    const damaged = this.#turns.filter(
      (turn) => turn.isDamaged || (turn.isSuspect && !turn.isAnswered),
    ).length;
    if (savedTurns !== undefined) return Math.max(savedTurns - this.whole, damaged);
    const complete = this.#turns.filter((turn) => isWhole(turn) && !turn.isSuspect).length;
    return this.#turns.length - complete + (this.#isNextAnnounced ? 1 : 0);
  }

  #begin(promptId: string | undefined): Turn {
    const turn: Turn = { promptId, isAnswered: false, isDamaged: false, isSuspect: false };
    this.#turns.push(turn);
    this.#openToolUses.clear();
    this.#isNextAnnounced = false;
    return turn;
  }

  /** The CLI writes an answer of several blocks as several entries, all with the whole answer's `stop_reason`. */
  #readAssistant({ message: { content, stop_reason }, isApiErrorMessage }: MessageEntry): void {
    for (const { type, id } of content)
      if (type === 'tool_use' && typeof id === 'string') this.#openToolUses.add(id);
    const turn = this.#turn ?? this.#begin(undefined);
    turn.isAnswered =
      this.#openToolUses.size === 0 &&
      stop_reason !== 'tool_use' &&
      isApiErrorMessage !== true &&
      content.some(({ type }) => !THINKING.includes(type));
  }

  #readUser(entry: MessageEntry): void {
    const { promptId } = entry;
    const results = entry.message.content.filter(({ type }) => type === 'tool_result');
    for (const { tool_use_id: id } of results) if (typeof id === 'string') this.#openToolUses.delete(id);
    if (results.length > 0 || entry.isMeta === true || entry.isCompactSummary === true) {
      if (this.#turn) this.#turn.isAnswered = false;
      return;
    }
    // A second message under one prompt is the CLI's note that the user stopped the turn: it ends there.
    if (this.#turn && typeof promptId === 'string' && promptId === this.#turn.promptId)
      this.#turn.isAnswered = true;
    else this.#begin(promptId ?? undefined);
  }
}

function isWhole({ isAnswered, isDamaged }: Turn): boolean {
  return isAnswered && !isDamaged;
}
