// the messages of a request → what the user said, and what this turn's tools have done so far
import {
  blocksOf,
  isText,
  isToolResult,
  isToolUse,
  type ModelMessage,
  textOfResult,
} from './wire/model-request.ts';

export interface ToolCall {
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
}

export interface ToolOutcome extends ToolCall {
  readonly text: string;
  readonly isError: boolean;
}

export interface Turn {
  /** The user's last message; empty when there is none. */
  readonly words: string;
  /** The user's messages before it, oldest first. */
  readonly earlier: readonly string[];
  /** The tool calls since then that have a result, in the order of the calls. */
  readonly done: readonly ToolOutcome[];
}

/** Elements that the CLI puts into the user's messages on its own account; seen with Claude Code 2.1.330. */
const INJECTED_ELEMENTS =
  /<(system-reminder|task-notification|command-[a-z]+|local-command-[a-z]+)>[\s\S]*?<\/\1>/g;

/** Whole texts that stand for an event, not for words: an interruption, a message without content, a killed turn's resumption. */
const INJECTED_TEXTS =
  /^(\[Request interrupted by user[^\]]*\]|\(no content\)|Continue from where you left off\.)$/;

/** @returns the text without what the CLI put in, trimmed. */
export function ownWords(text: string): string {
  const own = text.replace(INJECTED_ELEMENTS, '').trim();
  return INJECTED_TEXTS.test(own) ? '' : own;
}

/** Reads the state of the conversation; a resumption without new words goes on with the turn before it. */
export function readTurn(messages: readonly ModelMessage[]): Turn {
  const said: string[] = [];
  let calls = new Map<string, ToolCall>();
  let outcomes = new Map<string, ToolOutcome>();
  for (const message of messages) {
    for (const block of blocksOf(message)) {
      if (message.role === 'assistant' && isToolUse(block)) calls.set(block.id, block);
      if (message.role !== 'user') continue;
      if (isText(block) && ownWords(block.text) !== '') {
        said.push(ownWords(block.text));
        calls = new Map();
        outcomes = new Map();
      }
      const call = isToolResult(block) ? calls.get(block.tool_use_id) : undefined;
      if (call && isToolResult(block)) {
        // A tab at the end belongs to the last line that Read shows, which may be empty.
        const text = textOfResult(block)
          .replace(INJECTED_ELEMENTS, '')
          .replace(/[\n ]+$/, '');
        const { name, input } = call;
        outcomes.set(block.tool_use_id, { name, input, text, isError: block.is_error });
      }
    }
  }
  // Results arrive in the order in which the tools finished.
  const done = [...calls.keys()].flatMap((id) => outcomes.get(id) ?? []);
  return { words: said.at(-1) ?? '', earlier: said.slice(0, -1), done };
}
