import { z } from 'zod';

const textBlock = z.looseObject({ type: z.literal('text'), text: z.string() });

const toolUseBlock = z.looseObject({
  type: z.literal('tool_use'),
  id: z.string(),
  name: z.string(),
  input: z.record(z.string(), z.unknown()),
});

const toolResultBlock = z.looseObject({
  type: z.literal('tool_result'),
  tool_use_id: z.string(),
  content: z
    .union([z.string(), z.array(z.union([textBlock, z.looseObject({ type: z.string() })]))])
    .default(''),
  is_error: z.boolean().default(false),
});

const contentBlock = z.union([
  textBlock,
  toolUseBlock,
  toolResultBlock,
  // Images, documents, thinking: nothing here reads them. The refinement keeps a malformed known block from slipping in.
  z.looseObject({ type: z.string().refine((type) => !['text', 'tool_use', 'tool_result'].includes(type)) }),
]);

const message = z.looseObject({
  role: z.enum(['user', 'assistant', 'system']),
  content: z.union([z.string(), z.array(contentBlock)]),
});

/** What a client sends to a Claude model on Bedrock, as far as it is read here; every other field is kept. */
export const modelRequestBodySchema = z.looseObject({
  max_tokens: z.int().min(1),
  messages: z.array(message).min(1),
  system: z.union([z.string(), z.array(z.looseObject({ type: z.string() }))]).optional(),
  tools: z.array(z.looseObject({ name: z.string() })).optional(),
});

type ModelRequestBody = z.infer<typeof modelRequestBodySchema>;
export type ModelMessage = z.infer<typeof message>;
export type ContentBlock = z.infer<typeof contentBlock>;
export type TextBlock = z.infer<typeof textBlock>;
export type ToolUseBlock = z.infer<typeof toolUseBlock>;
export type ToolResultBlock = z.infer<typeof toolResultBlock>;

export interface ModelRequest {
  /** Decoded: an id or an ARN as the client meant it. */
  readonly modelId: string;
  /** Whether the answer is streamed; the CLI falls back to one whole message after a failed stream. */
  readonly stream: boolean;
  readonly body: ModelRequestBody;
}

export function isText(block: ContentBlock): block is TextBlock {
  return block.type === 'text';
}

export function isToolUse(block: ContentBlock): block is ToolUseBlock {
  return block.type === 'tool_use';
}

export function isToolResult(block: ContentBlock): block is ToolResultBlock {
  return block.type === 'tool_result';
}

/** @returns a message's content as blocks; the bare string that the protocol also allows is one text block. */
export function blocksOf(message: ModelMessage): ContentBlock[] {
  return typeof message.content === 'string' ? [{ type: 'text', text: message.content }] : message.content;
}

/** @returns what a tool said, its text blocks joined by newlines. */
export function textOfResult(block: ToolResultBlock): string {
  if (typeof block.content === 'string') return block.content;
  return block.content
    .filter(isText)
    .map((part) => part.text)
    .join('\n');
}

/**
 * The CLI asks the model for more than the conversation: a title for the session (no tools, at its first turn) and
 * probes whether a model may be used (one token). Seen with Claude Code 2.1.330.
 * @returns true when the request is such a one and not a turn of the conversation.
 */
export function isSideRequest(request: ModelRequest): boolean {
  return (request.body.tools ?? []).length === 0 || request.body.max_tokens === 1;
}
