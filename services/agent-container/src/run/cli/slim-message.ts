// one line of the CLI → is it of a kind that we read? → only what we read of it, with every text, list and figure within bounds
import { z } from 'zod';
import { AgentError } from '../../errors.ts';

/** Names, ids and the like; longer ones are cut. In UTF-16 code units. */
const NAME_LENGTH = 256;
/** What is shown of a tool's input is 80 characters, what an error says goes to the log. */
const WORDS_LENGTH = 8_192;
const MAX_BLOCKS = 10_000;
/** Of a `system` message, whose fields are many and short. In bytes. */
const SYSTEM_BYTES = 256 * 1024;
const MARK_BYTES = 4_096;

const cut = (length: number) => z.string().transform((text) => text.slice(0, length));
const name = cut(NAME_LENGTH);
const words = cut(WORDS_LENGTH).optional().catch(undefined);
const count = z
  .int()
  .min(0)
  .nullish()
  .transform((figure) => figure ?? 0);
const parent = z
  .string()
  .nullish()
  .transform((id) => id?.slice(0, NAME_LENGTH) ?? null);
const envelope = { uuid: name.optional(), session_id: name.optional(), parent_tool_use_id: parent };
const nothing = z.unknown().transform(() => undefined);

const textBlock = z.object({ type: z.literal('text'), text: z.string() });
const toolUse = z.object({
  type: z.literal('tool_use'),
  id: name,
  name,
  // As far as people are shown it; a hook is asked about the call itself.
  input: z
    .object({
      file_path: words,
      path: words,
      pattern: words,
      command: words,
      description: words,
      subject: words,
      skill: words,
    })
    .catch({}),
});
const assistant = z.object({
  type: z.literal('assistant'),
  ...envelope,
  message: z.object({
    id: name,
    content: z
      .array(z.union([textBlock, toolUse, nothing]))
      .max(MAX_BLOCKS)
      .transform((blocks) => blocks.filter((block) => block !== undefined)),
  }),
  error: name.optional(),
  api_error_params: z.object({ cut: name.optional() }).optional().catch(undefined),
  supersedes: z.array(name).max(MAX_BLOCKS).optional(),
});

const toolResult = z.object({
  type: z.literal('tool_result'),
  tool_use_id: name,
  is_error: z.boolean().optional().catch(undefined),
});
const user = z.object({
  type: z.literal('user'),
  /** The CLI's own words to the model. */
  isSynthetic: z.boolean().optional().catch(undefined),
  ...envelope,
  message: z.object({
    role: z.literal('user').catch('user'),
    content: z.union([
      z.string().transform(() => ''),
      z
        .array(z.union([toolResult, nothing]))
        .max(MAX_BLOCKS)
        .transform((blocks) => blocks.filter((block) => block !== undefined)),
    ]),
  }),
});

const streamed = z.object({
  type: z.literal('stream_event'),
  ...envelope,
  event: z.union([
    z.object({ type: z.literal('message_start'), message: z.object({ id: name }) }),
    z.object({
      type: z.literal('message_delta'),
      delta: z.object({ stop_reason: name.nullish().transform((reason) => reason ?? null) }),
    }),
    z.object({
      type: z.literal('content_block_delta'),
      delta: z.object({ type: z.literal('text_delta'), text: z.string() }),
    }),
  ]),
});

const result = z.object({
  type: z.literal('result'),
  ...envelope,
  subtype: name,
  is_error: z.boolean(),
  result: z
    .string()
    .default('')
    .transform((text) => text.slice(0, WORDS_LENGTH)),
  errors: z.array(cut(WORDS_LENGTH)).max(100).default([]),
  terminal_reason: name.nullish(),
  stop_reason: name.nullish(),
  api_error: name.nullish(),
  api_error_status: z.int().nullish(),
  startup_failure_reason: words,
  num_turns: z.int().min(0),
  total_cost_usd: z.number().min(0),
  usage: z.object({
    input_tokens: count,
    output_tokens: count,
    cache_read_input_tokens: count,
    cache_creation_input_tokens: count,
  }),
});

const system = z.looseObject({ type: z.literal('system'), subtype: name });
const request = z.object({
  type: z.literal('control_request'),
  request_id: z.string().max(NAME_LENGTH),
  request: z.union([
    z.object({
      subtype: z.literal('mcp_message'),
      server_name: z.string().max(NAME_LENGTH),
      message: z.looseObject({
        jsonrpc: z.literal('2.0'),
        id: z.union([z.string().max(NAME_LENGTH), z.number()]).optional(),
        method: z.string().max(NAME_LENGTH).optional(),
      }),
    }),
    z.looseObject({
      subtype: z
        .string()
        .max(NAME_LENGTH)
        .refine((kind) => kind !== 'mcp_message'),
    }),
  ]),
});
const response = z.object({
  type: z.literal('control_response'),
  response: z.looseObject({ subtype: z.string(), request_id: z.string().max(NAME_LENGTH) }),
});
const cancel = z.object({
  type: z.literal('control_cancel_request'),
  request_id: z.string().max(NAME_LENGTH),
});

const KINDS = new Map<unknown, z.ZodType<object>>([
  ['assistant', assistant],
  ['user', user],
  ['result', result],
]);

/** What of one line goes on to the SDK. */
export type SlimLine =
  | { readonly kind: 'message'; readonly json: string }
  | { readonly kind: 'request' | 'response' | 'cancel'; readonly json: string; readonly id: string };

/**
 * @param line as it was written; no longer than a line may be.
 * @param isCut whether texts in it lost their ends: a question that we answer must be whole.
 * @returns undefined for what nobody here reads: what is no JSON, other kinds, and most of what streams.
 * @throws AgentError `agent_crashed` when a line of a kind that we read is none that a CLI writes.
 */
export function slimLine(line: Buffer, isCut: boolean): SlimLine | undefined {
  const json = parseJson(line.toString('utf8'));
  if (typeof json !== 'object' || json === null || !('type' in json)) return undefined;
  switch (json.type) {
    case 'stream_event': {
      const { data } = streamed.safeParse(json);
      return data?.parent_tool_use_id === null ? message(data) : undefined;
    }
    case 'system': {
      const { type, subtype } = read(system, json);
      return message(line.byteLength > SYSTEM_BYTES ? { type, subtype } : json);
    }
    case 'keep_alive':
      return line.byteLength > MARK_BYTES ? undefined : message(json);
    case 'control_request':
      if (isCut) throw notUnderstood(json.type);
      return { kind: 'request', ...linked(read(request, json)) };
    case 'control_response': {
      if (isCut) throw notUnderstood(json.type);
      const answer = read(response, json);
      return { kind: 'response', json: oneLine(answer), id: answer.response.request_id };
    }
    case 'control_cancel_request':
      return { kind: 'cancel', ...linked(read(cancel, json)) };
    default: {
      const schema = KINDS.get(json.type);
      return schema && message(read(schema, json));
    }
  }
}

function linked(value: { request_id: string }): { json: string; id: string } {
  return { json: oneLine(value), id: value.request_id };
}

function message(value: object): SlimLine {
  return { kind: 'message', json: oneLine(value) };
}

/** Readline takes these two for line breaks, and JSON does not escape them. @throws AgentError for lists that are too deep to be written. */
function oneLine(value: object): string {
  return written(value)
    .replaceAll('\u2028', String.raw`\u2028`)
    .replaceAll('\u2029', String.raw`\u2029`);
}

function written(value: object): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    // Parsing has no limit of depth, writing has that of the stack.
    if (error instanceof RangeError) throw notUnderstood('type' in value ? value.type : undefined, error);
    throw error;
  }
}

function read<T>(schema: z.ZodType<T>, json: { type: unknown }): T {
  const { data, error } = schema.safeParse(json);
  if (error) throw notUnderstood(json.type, error);
  return data;
}

function notUnderstood(type: unknown, cause?: unknown): AgentError {
  return new AgentError('agent_crashed', 'The agent process said what none says', {
    cause: new TypeError(`A line of type ${String(type).slice(0, NAME_LENGTH)} is not understood`, { cause }),
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
