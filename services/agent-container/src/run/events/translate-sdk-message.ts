// one SDK message → what the user is told of it (text, tool lines), and the answer that grows from it
import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk';
import { joinPieces } from '@omnicloud/protocol';
import type { RuntimeEvent } from '../agent-runtime.ts';
import { describeTool } from './describe-tool.ts';
import { overrun } from '../cli/output-lines.ts';

const PARAGRAPH_BREAK = '\n\n';

// The CLI's words may be an attacker's. The figures are for one turn, and far above what a model makes of one.
/** An answer of 128,000 tokens has about 500,000. In UTF-16 code units. */
const MAX_ANSWER_LENGTH = 1024 * 1024;
const MAX_CALLS = 5_000;
/** Those that were withdrawn included. */
const MAX_TEXTS = 10_000;
const MAX_TOOLS = 20_000;
/** At once; of more, the oldest are forgotten. */
const MAX_RUNNING = 1_000;

type AssistantMessage = Extract<SDKMessage, { type: 'assistant' }>;
type UserMessage = Extract<SDKMessage, { type: 'user' }>;
type StreamEvent = Extract<SDKMessage, { type: 'stream_event' }>;

/**
 * Follows the messages of one turn.
 *
 * The answer is everything the main agent wrote, its texts separated by a blank line: the last one may be a mere "Done."
 * after a tool, and what came before it must not vanish. The CLI confirms a model call block by block (`assistant`), while
 * the call itself may still break off; it is then repeated from its start, so all of it is withdrawn when the next one begins. Unless the
 * CLI keeps what was confirmed, and lets the model go on from there, as it does with an answer that reached its token limit: it says
 * so to the model in a message of its own (`isSynthetic`), and the next text goes on where the last one was cut off.
 */
export class TurnTranslator {
  readonly #workspace: string;
  readonly #running = new Map<string, { name: string; line: string }>();
  #texts: SaidText[] = [];
  /** The next text goes on where the last one was cut off. */
  #goesOn = false;
  /** Whether the last block that was confirmed is text. */
  #isTextLast = false;
  /** Streamed, but its block has not been confirmed yet. */
  #provisional = '';
  /** What the reader holds. */
  #shown = '';
  /** Whether `shown` may be other than what the texts and their unconfirmed end make. */
  #isUnsettled = false;
  #calls = 0;
  #textsSaid = 0;
  #tools = 0;
  #call = { id: '', firstText: 0, isComplete: true, goesOn: false };

  constructor(workspace: string) {
    this.#workspace = workspace;
  }

  /** What the main agent has said so far and stands by. */
  get answer(): string {
    return joined(this.#texts);
  }

  /** What the reader holds, the unconfirmed end included: what is left of an interrupted turn. */
  get partialAnswer(): string {
    return this.#shown;
  }

  /** @throws AgentError `agent_overran` when the turn says more than one answer may hold, or calls more tools than any turn does. */
  translate(message: SDKMessage): RuntimeEvent[] {
    switch (message.type) {
      case 'stream_event':
        return message.parent_tool_use_id === null ? this.#streamed(message.event) : [];
      case 'assistant':
        return [...this.#said(message), ...this.#toolsStarted(message)];
      case 'user':
        if (message.isSynthetic === true && message.parent_tool_use_id === null) this.#goOn();
        return this.#toolsEnded(message);
      default:
        return [];
    }
  }

  #streamed(event: StreamEvent['event']): RuntimeEvent[] {
    switch (event.type) {
      case 'message_start':
        this.#beginCall(event.message.id, false);
        return this.#show();
      case 'message_delta':
        this.#call.isComplete ||= event.delta.stop_reason !== null;
        return [];
      case 'content_block_delta':
        return event.delta.type === 'text_delta' ? this.#grow(event.delta.text) : [];
      default:
        return [];
    }
  }

  /** Without a look at what is there already: an answer of 500 KB comes in 100,000 pieces. */
  #grow(text: string): RuntimeEvent[] {
    if (text === '') return [];
    const isFirst = this.#provisional === '';
    this.#provisional += text;
    if (isFirst && this.#goesOn) this.#isUnsettled = true;
    if (this.#isUnsettled) return this.#show();
    const delta = isFirst && this.#texts.length > 0 ? PARAGRAPH_BREAK + text : text;
    const offset = this.#shown.length;
    this.#shown += delta;
    this.#assertRoom();
    return [{ type: 'text', offset, delta }];
  }

  #assertRoom(): void {
    if (this.#shown.length > MAX_ANSWER_LENGTH) throw overrun('its answer is too long');
  }

  #beginCall(id: string, isComplete: boolean): void {
    this.#calls += 1;
    if (this.#calls > MAX_CALLS) throw overrun('it called the model too often in one turn');
    if (!this.#call.isComplete) {
      this.#texts.splice(this.#call.firstText);
      this.#goesOn = this.#call.goesOn;
    }
    this.#provisional = '';
    this.#isUnsettled = true;
    this.#call = { id, firstText: this.#texts.length, isComplete, goesOn: this.#goesOn };
  }

  #said(message: AssistantMessage): RuntimeEvent[] {
    // The text of an API error is for the log: the turn ends with an error that says it in our words.
    if (message.parent_tool_use_id !== null || message.error !== undefined) return [];
    this.#forget(message.supersedes ?? []);
    // Not the call that was streaming: that one broke off, and this is its answer, fetched whole.
    if (message.message.id !== this.#call.id) this.#beginCall(message.message.id, true);
    for (const block of message.message.content) {
      // What follows a tool is a paragraph of its own.
      this.#isTextLast = block.type === 'text';
      if (block.type === 'tool_use') this.#goesOn = false;
      if (block.type !== 'text' || block.text === '') continue;
      this.#texts.push({ uuid: message.uuid, text: block.text, goesOn: this.#goesOn });
      this.#goesOn = false;
      this.#textsSaid += 1;
      if (this.#textsSaid > MAX_TEXTS) throw overrun('its answer has too many parts');
      this.#provisional = '';
      this.#isUnsettled = true;
    }
    return this.#show();
  }

  /** What was confirmed of the last call stays; what was not, nobody will hear of again. */
  #goOn(): void {
    this.#call.isComplete = true;
    this.#provisional = '';
    this.#isUnsettled = true;
    this.#goesOn = this.#isTextLast && this.#texts.length > this.#call.firstText;
  }

  #forget(uuids: readonly string[]): void {
    const forgotten = new Set(uuids);
    const isKept = ({ uuid }: { uuid: string }): boolean => !forgotten.has(uuid);
    if (this.#texts.every(isKept)) return;
    this.#call.firstText = this.#texts.slice(0, this.#call.firstText).filter(isKept).length;
    this.#texts = this.#texts.filter(isKept);
    this.#isUnsettled = true;
  }

  /** @returns what brings the reader from the text it holds to what the agent says now; nothing when they are the same. */
  #show(): RuntimeEvent[] {
    if (!this.#isUnsettled) return [];
    const last = { uuid: '', text: this.#provisional, goesOn: this.#goesOn };
    const said = joined(this.#provisional === '' ? this.#texts : [...this.#texts, last]);
    this.#isUnsettled = false;
    if (said === this.#shown) return [];
    const offset = lengthOfSharedStart(this.#shown, said);
    this.#shown = said;
    this.#assertRoom();
    return [{ type: 'text', offset, delta: said.slice(offset) }];
  }

  #toolsStarted(message: AssistantMessage): RuntimeEvent[] {
    return message.message.content.flatMap((block): RuntimeEvent[] => {
      if (block.type !== 'tool_use') return [];
      this.#tools += 1;
      if (this.#tools > MAX_TOOLS) throw overrun('it used too many tools in one turn');
      const line = describeTool(block.name, block.input, this.#workspace);
      this.#running.set(block.id, { name: block.name, line });
      const [oldest] = this.#running.keys();
      if (this.#running.size > MAX_RUNNING && oldest !== undefined) this.#running.delete(oldest);
      return [{ type: 'tool', tool_use_id: block.id, name: block.name, phase: 'started', line }];
    });
  }

  #toolsEnded(message: UserMessage): RuntimeEvent[] {
    const content = message.message.content;
    if (typeof content === 'string') return [];
    return content.flatMap((block): RuntimeEvent[] => {
      if (block.type !== 'tool_result') return [];
      const tool = this.#running.get(block.tool_use_id);
      if (!tool) return [];
      this.#running.delete(block.tool_use_id);
      return [
        {
          type: 'tool',
          tool_use_id: block.tool_use_id,
          phase: block.is_error ? 'failed' : 'succeeded',
          ...tool,
        },
      ];
    });
  }
}

interface SaidText {
  readonly uuid: string;
  readonly text: string;
  /** Whether it goes on where the text before it was cut off. */
  readonly goesOn: boolean;
}

/** Linear in their length: those that stand alone are put together at once. */
function joined(texts: readonly SaidText[]): string {
  const paragraphs: string[] = [];
  for (const { text, goesOn } of texts) {
    const before = paragraphs.at(-1);
    if (goesOn && before !== undefined) paragraphs[paragraphs.length - 1] = joinPieces(before, text);
    else paragraphs.push(text);
  }
  return paragraphs.join(PARAGRAPH_BREAK);
}

/** @returns how many UTF-16 code units the two begin with in common. */
function lengthOfSharedStart(a: string, b: string): number {
  // Nearly always the one grows from the other; comparing whole strings is far cheaper than one unit after another.
  if (b.startsWith(a)) return a.length;
  let length = 0;
  while (length < a.length && a.charCodeAt(length) === b.charCodeAt(length)) length += 1;
  return length;
}
