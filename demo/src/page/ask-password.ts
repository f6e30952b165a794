// request → from this process itself? → the password, by HTTP's Basic scheme → the page, or 401 | 429
import { createHash, timingSafeEqual } from 'node:crypto';
import type { HttpBindings } from '@hono/node-server';
import type { Context, MiddlewareHandler } from 'hono';
import { PasswordTries } from './password-tries.ts';

/** Only this process knows what stands in it; its own calls to the Bot API stand-in carry it. */
export const OWN_CALL_HEADER = 'x-omnicloud-own-call';

export interface Password {
  readonly password: string;
  /** What `OWN_CALL_HEADER` holds in this process's own calls. */
  readonly ownCall: string;
  readonly tries?: PasswordTries;
}

/**
 * Lets nobody through without the password; any user name goes with it. A browser sends it with every request to this very origin, event
 * streams included, and to no other port of the machine, as it would a cookie.
 */
export function askPassword({ password, ownCall, tries = new PasswordTries() }: Password): MiddlewareHandler {
  return async (context, next) => {
    if (isSame(context.req.header(OWN_CALL_HEADER) ?? '', ownCall)) return next();
    const shown = passwordIn(context.req.header('authorization'));
    if (shown === undefined) return refusal(context);
    const address = addressOf(context);
    const waitMs = tries.waitMs(address);
    if (waitMs > 0) {
      const headers = { 'Retry-After': String(Math.ceil(waitMs / 1_000)), 'Cache-Control': 'no-store' };
      return context.json({ error: { message: 'Too many wrong passwords; try again later' } }, 429, headers);
    }
    if (!isSame(shown, password)) {
      tries.failed(address);
      return refusal(context);
    }
    tries.succeeded(address);
    return next();
  };
}

function refusal(context: Context): Response {
  return context.json({ error: { message: 'This page needs its password (PAGE_PASSWORD)' } }, 401, {
    'WWW-Authenticate': 'Basic realm="OmniCloud Agent", charset="UTF-8"',
    'Cache-Control': 'no-store',
  });
}

/** @returns the password of a Basic header (RFC 7617), undefined when there is no such header. */
function passwordIn(header: string | undefined): string | undefined {
  const [, encoded] = /^basic +([\w+/]+={0,2}) *$/i.exec(header ?? '') ?? [];
  if (encoded === undefined) return undefined;
  const pair = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  return colon === -1 ? undefined : pair.slice(colon + 1);
}

/** Takes the same time whatever is shown. */
function isSame(shown: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(shown), digest(expected));
}

/** A header could say anything, so only the connection counts; behind a proxy that is the proxy's. */
function addressOf(context: Context): string {
  const bindings = context.env as Partial<HttpBindings> | undefined;
  return bindings?.incoming?.socket.remoteAddress ?? '';
}
