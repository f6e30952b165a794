import { IDEMPOTENCY_HEADER } from '@omnicloud/protocol';
import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';

/** How long a browser may remember that it asked, in seconds. */
const PREFLIGHT_LIFE_SECONDS = 600;

/**
 * Lets pages of these origins use the API from a browser, which asks before it sends: with OPTIONS, and without the token. Any other
 * origin is told nothing that would let its page read an answer. Cookies play no part, so none are allowed.
 * @param origins such as `https://example.org`.
 */
export function allowOrigins(origins: readonly string[]): MiddlewareHandler {
  return cors({
    origin: [...origins],
    allowMethods: ['GET', 'POST'],
    allowHeaders: ['Authorization', 'Content-Type', IDEMPOTENCY_HEADER],
    maxAge: PREFLIGHT_LIFE_SECONDS,
  });
}
