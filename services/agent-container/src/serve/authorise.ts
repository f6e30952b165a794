import { createHash, timingSafeEqual } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import { AgentError } from '../errors.ts';

/**
 * Lets a request pass that shows `Authorization: Bearer <token>`.
 * @param token an empty one refuses everybody: a server without a token has no friends.
 */
export function authorise(token: string): MiddlewareHandler {
  return async (context, next) => {
    const shown = /^Bearer (.+)$/i.exec(context.req.header('authorization') ?? '')?.[1] ?? '';
    if (token === '' || !isSame(shown, token)) {
      throw new AgentError('unauthenticated', 'The bearer token is missing or wrong');
    }
    await next();
  };
}

/** Compares digests, so that neither the time nor an exception tells how much of the token was right, or how long it is. */
function isSame(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
