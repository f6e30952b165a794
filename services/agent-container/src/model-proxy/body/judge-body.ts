// the body of a model call → for a configured model, and out of nothing but itself? → the body as it is sent on, and what it may cost
import { isUtf8 } from 'node:buffer';
import { z } from 'zod';
import type { CallEstimate } from '../calls/counted-call.ts';
import type { Protocol, SentCall } from '../calls/model-call.ts';
import type { ModelPolicy } from '../calls/model-policy.ts';

/** What the caller may have the provider do. */
export interface BodyRules {
  readonly protocol: Protocol;
  readonly allows: ModelPolicy;
  /** Whether the provider may search the web: the CLI's own WebSearch is a tool of that kind. */
  readonly isWebSearchOn: boolean;
}

export type Judged = { allow: true; body: Buffer; estimate: CallEstimate } | { allow: false; reason: string };

const anything = z.unknown().optional();

/**
 * Fields of a message's request (https://docs.claude.com/en/api/messages) that stay between us and the model. Others name servers,
 * containers or further models, or cost more than the tokens say; one that nobody knows here may do any of that.
 */
const bodySchema = z.strictObject({
  model: z.string().optional(),
  anthropic_version: anything,
  anthropic_beta: anything,
  messages: z.array(z.looseObject({ content: anything })),
  system: anything,
  max_tokens: z.int().min(0).optional(),
  metadata: anything,
  stop_sequences: anything,
  stream: z.boolean().optional(),
  temperature: anything,
  top_k: anything,
  top_p: anything,
  thinking: anything,
  tools: z.array(z.looseObject({ type: z.string().nullish() })).optional(),
  tool_choice: anything,
  cache_control: anything,
  context_management: anything,
  output_config: anything,
  output_format: anything,
  diagnostics: anything,
  mcp_servers: z.array(z.unknown()).max(0).optional(),
  container: z.null().optional(),
});

/** Tools that the caller runs itself; all others run at the provider, and reach the web, run code there, or ask further models. */
const RUN_BY_CALLER = /^(custom|(bash|text_editor|computer|memory|tool_search_tool_\w+?)_\d{8})$/;
const WEB_SEARCH = /^web_search_\d{8}$/;

const NOTHING: CallEstimate = { inputTokens: 0, maxOutputTokens: 0, isStreamed: false };
/** A text has about as many; what else is in a body, such as pictures, costs less. */
const BYTES_PER_TOKEN = 4;

/**
 * A caller inside a sandbox without a network must not get one by way of the provider: by its tools, or by having it fetch something.
 * @returns the body written anew from what was read, so that the provider cannot read it otherwise: a field twice, say.
 */
export function judgeBody(
  { kind, path }: SentCall,
  body: Buffer,
  { protocol, allows, isWebSearchOn }: BodyRules,
): Judged {
  // Otherwise each wrong byte would become three.
  if (!isUtf8(body)) return refused('The request is not UTF-8');
  const read = parseJson(body.toString('utf8'));
  // Bedrock counts what it is given without obeying it, and charges nothing.
  if (protocol === 'bedrock' && kind === 'count' && read !== undefined)
    return { allow: true, body: Buffer.from(JSON.stringify(read)), estimate: NOTHING };
  const parsed = bodySchema.safeParse(read);
  if (!parsed.success) return refused('The request is not one that this proxy lets through');
  const { model, max_tokens: maxTokens = 0, messages, stream = false, tools = [] } = parsed.data;
  // Bedrock has it in the path.
  if (protocol === 'anthropic' && !(model !== undefined && allows(model)))
    return refused('This model is not among the configured ones');
  const isRunByUs = ({ type }: { type?: string | null | undefined }): boolean =>
    RUN_BY_CALLER.test(type ?? 'custom') || (isWebSearchOn && WEB_SEARCH.test(type ?? ''));
  if (!tools.every(isRunByUs)) return refused('Tools that the model provider runs are switched off');
  if (messages.some(({ content }) => leadsElsewhere(content)))
    return refused('Only what a message itself holds is let through, not what is to be fetched for it');
  return {
    allow: true,
    body: Buffer.from(JSON.stringify(read)),
    estimate: {
      inputTokens: Math.ceil(body.length / BYTES_PER_TOKEN),
      maxOutputTokens: maxTokens,
      isStreamed: protocol === 'bedrock' ? path.endsWith('-stream') : stream,
    },
  };
}

const blockSchema = z.looseObject({
  type: z.string(),
  source: anything,
  content: anything,
});
const sourceSchema = z.looseObject({ type: z.enum(['base64', 'text', 'content']), content: anything });

/** Whether an image or a document is at a URL or among the provider's files; those in a tool's result too. */
function leadsElsewhere(content: unknown): boolean {
  if (!Array.isArray(content)) return false;
  return content.some((item) => {
    const block = blockSchema.safeParse(item);
    if (!block.success) return true;
    const { type, source, content: inner } = block.data;
    if (type === 'container_upload') return true;
    // What the model gave a tool is text to the provider, whatever it looks like.
    if (type === 'tool_use') return false;
    if (leadsElsewhere(inner)) return true;
    // A search result's is its name.
    if (source === undefined || typeof source === 'string') return false;
    const known = sourceSchema.safeParse(source);
    return !known.success || leadsElsewhere(known.data.content);
  });
}

function refused(reason: string): Judged {
  return { allow: false, reason };
}

/** @returns `undefined` for what is not JSON, which the schema refuses. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
