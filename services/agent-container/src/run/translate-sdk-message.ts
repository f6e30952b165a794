// one SDK message → what the user is told of it (text, tool lines), and the answer that grows from it
import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk';
import type { RuntimeEvent } from './agent-runtime.ts';
import { describeTool } from './describe-tool.ts';

const PARAGRAPH_BREAK = '\n\n';

type AssistantMessage = Extract<SDKMessage, { type: 'assistant' }>;
type UserMessage = Extract<SDKMessage, { type: 'user' }>;
type StreamEvent = Extract<SDKMessage, { type: 'stream_event' }>;

/**
 * Follows the messages of one turn.
 *
 * The answer is everything the main agent wrote, its texts separated by a blank line: the last one may be a mere "Done."
 * after a tool, and what came before it must not vanish. The CLI confirms a model call block by block (`assistant`), while
 * the call itself may still break off; it is then repeated from its start, so all of it is withdrawn when the next one begins.
 */
export class TurnTranslator {
  readonly #workspace: string;
  readonly #running = new Map<string, { name: string; line: string }>();
  #texts: { uuid: string; text: string }[] = [];
  /** Streamed, but its block has not been confirmed yet. */
  #provisional = '';
  /** What the reader holds. */
  #shown = '';
  #call = { id: '', firstText: 0, isComplete: true };

  constructor(workspace: string) {
    this.#workspace = workspace;
  }

  /** What the main agent has said so far and stands by. */
  get answer(): string {
    return this.#texts.map(({ text }) => text).join(PARAGRAPH_BREAK);
  }

  /** What the reader holds, the unconfirmed end included: what is left of an interrupted turn. */
  get partialAnswer(): string {
    return this.#shown;
  }

  translate(message: SDKMessage): RuntimeEvent[] {
    switch (message.type) {
      case 'stream_event':
        return message.parent_tool_use_id === null ? this.#streamed(message.event) : [];
      case 'assistant':
        return [...this.#said(message), ...this.#toolsStarted(message)];
      case 'user':
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
        if (event.delta.type === 'text_delta') this.#provisional += event.delta.text;
        return this.#show();
      default:
        return [];
    }
  }

  #beginCall(id: string, isComplete: boolean): void {
    if (!this.#call.isComplete) this.#texts.splice(this.#call.firstText);
    this.#provisional = '';
    this.#call = { id, firstText: this.#texts.length, isComplete };
  }

  #said(message: AssistantMessage): RuntimeEvent[] {
    // The text of an API error is for the log: the turn ends with an error that says it in our words.
    if (message.parent_tool_use_id !== null || message.error !== undefined) return [];
    this.#forget(message.supersedes ?? []);
    // Not the call that was streaming: that one broke off, and this is its answer, fetched whole.
    if (message.message.id !== this.#call.id) this.#beginCall(message.message.id, true);
    for (const block of message.message.content) {
      if (block.type !== 'text' || block.text === '') continue;
      this.#texts.push({ uuid: message.uuid, text: block.text });
      this.#provisional = '';
    }
    return this.#show();
  }

  #forget(uuids: readonly string[]): void {
    const isKept = ({ uuid }: { uuid: string }): boolean => !uuids.includes(uuid);
    this.#call.firstText = this.#texts.slice(0, this.#call.firstText).filter(isKept).length;
    this.#texts = this.#texts.filter(isKept);
  }

  /** @returns what brings the reader from the text it holds to what the agent says now; nothing when they are the same. */
  #show(): RuntimeEvent[] {
    const texts = this.#texts.map(({ text }) => text);
    const said = [...texts, ...(this.#provisional === '' ? [] : [this.#provisional])].join(PARAGRAPH_BREAK);
    if (said === this.#shown) return [];
    const offset = lengthOfSharedStart(this.#shown, said);
    this.#shown = said;
    return [{ type: 'text', offset, delta: said.slice(offset) }];
  }

  #toolsStarted(message: AssistantMessage): RuntimeEvent[] {
    return message.message.content.flatMap((block): RuntimeEvent[] => {
      if (block.type !== 'tool_use') return [];
      const line = describeTool(block.name, block.input, this.#workspace);
      this.#running.set(block.id, { name: block.name, line });
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

/** @returns how many UTF-16 code units the two begin with in common. */
function lengthOfSharedStart(a: string, b: string): number {
  // Nearly always the one grows from the other; comparing whole strings is far cheaper than one unit after another.
  if (b.startsWith(a)) return a.length;
  let length = 0;
  while (length < a.length && a.charCodeAt(length) === b.charCodeAt(length)) length += 1;
  return length;
}
