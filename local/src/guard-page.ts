import type { MiddlewareHandler } from 'hono';

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);
const IP_LITERAL = /^(\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:.]+\])$/i;

/**
 * Keeps other web pages in the same browser away: a page elsewhere can send requests to this address, and a hostile DNS name
 * may point to it. So the request must name this server, and must come from no other origin.
 * @param host the address we bind to. With one that is not loopback, addresses are accepted as names, but no unknown name.
 */
export function guardPage(host: string): MiddlewareHandler {
  const bound = host.includes(':') ? `[${host}]` : host;
  return async (context, next) => {
    const asked = context.req.header('host')?.toLowerCase() ?? '';
    const name = asked.replace(/:\d+$/, '');
    const isOurs =
      LOOPBACK.has(name) || name === bound.toLowerCase() || (!LOOPBACK.has(bound) && IP_LITERAL.test(name));
    const origin = context.req.header('origin');
    const isSameOrigin = origin === undefined || URL.parse(origin)?.host.toLowerCase() === asked;
    if (!isOurs || !isSameOrigin)
      return context.json({ error: { message: 'This page is for this machine only' } }, 403);
    return next();
  };
}
