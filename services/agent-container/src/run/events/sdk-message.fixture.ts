import { randomUUID, type UUID } from 'node:crypto';
import type {
  SDKAssistantMessage,
  SDKMessage,
  SDKPartialAssistantMessage,
} from '@anthropic-ai/claude-agent-sdk';

// The SDK's messages with the fields that matter here; the CLI sends many more.

type Block =
  | { type: 'text'; text: string }
  | { type: 'thinking'; thinking: string }
  | { type: 'tool_use'; id: string; name: string; input: unknown };

export const textBlock = (text: string): Block => ({ type: 'text', text });
export const toolBlock = (id: string, name: string, input: unknown = {}): Block => ({
  type: 'tool_use',
  id,
  name,
  input,
});

/** A model call begins to stream. */
export const callStarts = (id: string): SDKMessage => streamed({ type: 'message_start', message: { id } });

/** A piece of a text block, in the main conversation unless a subagent's tool use is named. */
export const textDelta = (text: string, subagentOf: string | null = null): SDKMessage =>
  streamed({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }, subagentOf);

export const thinkingDelta = (thinking: string): SDKMessage =>
  streamed({ type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking } });

/** The model call has said all it had to. */
export const callEnds = (stopReason = 'end_turn'): SDKMessage[] => [
  streamed({ type: 'message_delta', delta: { stop_reason: stopReason } }),
  streamed({ type: 'message_stop' }),
];

/** The CLI confirms blocks of a call: one by one when they were streamed, all at once when they were not. */
export function confirmed(
  id: string,
  blocks: readonly Block[],
  more: { uuid?: UUID; subagentOf?: string; error?: SDKAssistantMessage['error']; supersedes?: UUID[] } = {},
): SDKMessage {
  const { uuid = randomUUID(), subagentOf = null, error, supersedes } = more;
  return {
    type: 'assistant',
    message: { id, role: 'assistant', content: blocks },
    parent_tool_use_id: subagentOf,
    uuid,
    session_id: '',
    ...(error === undefined ? {} : { error }),
    ...(supersedes === undefined ? {} : { supersedes }),
  } as unknown as SDKMessage;
}

/** A text block as it usually comes: streamed in pieces, then confirmed. */
export const spoken = (id: string, pieces: readonly string[], uuid: UUID = randomUUID()): SDKMessage[] => [
  ...pieces.map((piece) => textDelta(piece)),
  confirmed(id, [textBlock(pieces.join(''))], { uuid }),
];

/** The CLI tells the model, in the user's name, to go on. */
export const goOn = (): SDKMessage =>
  ({
    type: 'user',
    message: { role: 'user', content: [{ type: 'text', text: 'Resume directly.' }] },
    isSynthetic: true,
    parent_tool_use_id: null,
    session_id: '',
  }) as unknown as SDKMessage;

export function toolResult(toolUseId: string, isError = false, subagentOf: string | null = null): SDKMessage {
  const result = { type: 'tool_result', tool_use_id: toolUseId, content: 'result', is_error: isError };
  return {
    type: 'user',
    message: { role: 'user', content: [result] },
    parent_tool_use_id: subagentOf,
    session_id: '',
  } as unknown as SDKMessage;
}

function streamed(event: object, subagentOf: string | null = null): SDKMessage {
  return {
    type: 'stream_event',
    event: event as SDKPartialAssistantMessage['event'],
    parent_tool_use_id: subagentOf,
    uuid: randomUUID(),
    session_id: '',
  };
}
