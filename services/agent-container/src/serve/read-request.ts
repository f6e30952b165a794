import { IDEMPOTENCY_HEADER, MAX_IDEMPOTENCY_KEY_LENGTH } from '@omnicloud/protocol';
import type { Context } from 'hono';
import type { z } from 'zod';
import { AgentError } from '../errors.ts';

/**
 * @returns the body as its schema reads it.
 * @throws AgentError `bad_request` that says what is wrong, `too_large` when it is only the message's length.
 */
export async function readBody<T extends z.ZodType>(context: Context, schema: T): Promise<z.output<T>> {
  return parse(schema, await readJson(context));
}

/** @throws AgentError as `readBody` does. */
export function parse<T extends z.ZodType>(schema: T, input: unknown): z.output<T> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  const isTooLong = issues.every(({ code, path }) => code === 'too_big' && path[0] === 'user_message');
  throw new AgentError(
    isTooLong ? 'too_large' : 'bad_request',
    issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`).join('; '),
    { cause: parsed.error },
  );
}

/** @throws AgentError `bad_request` when the key is too long. */
export function idempotencyKey(context: Context): string | undefined {
  const key = context.req.header(IDEMPOTENCY_HEADER);
  if (key !== undefined && key.length > MAX_IDEMPOTENCY_KEY_LENGTH) {
    throw new AgentError('bad_request', `Idempotency-Key: at most ${MAX_IDEMPOTENCY_KEY_LENGTH} characters`);
  }
  return key;
}

async function readJson(context: Context): Promise<unknown> {
  try {
    return await context.req.json();
  } catch (error) {
    if (error instanceof SyntaxError)
      throw new AgentError('bad_request', 'The body is not JSON', { cause: error });
    throw error;
  }
}
