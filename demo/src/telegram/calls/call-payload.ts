import type { HonoRequest } from 'hono';
import { z } from 'zod';
import { badRequest } from './bot-api-error.ts';
import { readMultipart } from './multipart-body.ts';

/** A call's parameters as they came: typed values in JSON, strings (nested JSON too) in a query or a form. */
export type CallPayload = Record<string, unknown>;

const jsonObject = z.record(z.string(), z.unknown());

/**
 * Reads the parameters from the query and from a JSON, urlencoded or multipart body.
 * @throws BotApiError 400 when a JSON body is no object, or a multipart body is none.
 */
export async function readCallPayload(request: HonoRequest): Promise<CallPayload> {
  const query = request.query();
  if (request.method !== 'POST') return query;
  const mediaType = request.header('content-type') ?? '';
  if (mediaType.startsWith('multipart/form-data')) {
    return { ...query, ...(await readMultipart(mediaType, await request.arrayBuffer())) };
  }
  if (!mediaType.startsWith('application/json')) return { ...query, ...(await request.parseBody()) };
  const body = jsonText.pipe(jsonObject).safeParse(await request.text());
  if (!body.success) throw badRequest("can't parse JSON object", { cause: body.error });
  return { ...query, ...body.data };
}

const jsonText = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: String(error) });
    return z.NEVER;
  }
});

/** An integer, or a string of digits. */
export const integer = z.union([
  z.int(),
  z
    .string()
    .regex(/^-?\d{1,15}$/)
    .transform(Number),
]);

export const flag = z.union([
  z.boolean(),
  z.enum(['true', 'True', 'yes', '1']).transform(() => true),
  z.enum(['false', 'False', 'no', '0', '']).transform(() => false),
]);

/** A value of the schema, or its JSON in a string. */
export function nested<Schema extends z.ZodType>(schema: Schema): z.ZodType<z.output<Schema>> {
  return z.union([schema, jsonText.pipe(schema)]);
}

/** A chat's number, or the public name of one. */
export const chatId = z.union([integer, z.string().min(1)]);

/** Telegram's wording for what is missing or unreadable. */
const REASONS: Readonly<Record<string, string>> = {
  caption_entities: "can't parse entities",
  action: 'wrong parameter action in request',
  chat_id: 'chat_id is empty',
  entities: "can't parse entities",
  file_id: 'file_id not specified',
  message_id: 'message identifier is not specified',
  reaction: "can't parse reaction types JSON object",
  text: 'message text is empty',
};

/**
 * Reads a payload with the schema of its method; parameters that the schema does not name are ignored.
 * @throws BotApiError 400 that names the first mistake.
 */
export function parsePayload<Schema extends z.ZodType>(
  schema: Schema,
  payload: CallPayload,
): z.output<Schema> {
  const parsed = schema.safeParse(payload);
  if (parsed.success) return parsed.data;
  const field = String(parsed.error.issues[0]?.path[0] ?? '');
  throw badRequest(REASONS[field] ?? `invalid parameter ${field} specified`, { cause: parsed.error });
}
