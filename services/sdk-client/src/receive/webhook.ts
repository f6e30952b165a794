// POST /webhook → secret → JSON → turn → durably queued → 200
import type { Turn } from '@omnicloud/protocol';
import { Hono } from 'hono';
import { acceptUpdate, type Intake } from './accept-update.ts';
import type { WebhookReply } from './place-reply.ts';
import { isSecret, SECRET_HEADER } from './verify-secret.ts';

export interface WebhookDeps extends Intake {
  /** `secret_token` of setWebhook; an empty one refuses everybody. */
  readonly secret: string;
  /** What Telegram is to do for a turn that was queued, in place of an empty answer; nothing unless given. Must not reject. */
  readonly replyTo?: (turn: Turn) => Promise<WebhookReply | undefined>;
}

/** Telegram's updates are at most 512 KiB; what is larger comes from elsewhere and is not read to its end. In bytes. */
const BODY_LIMIT_BYTES = 4 * 1024 * 1024;

/** How long Telegram is to wait before it sends an update again, in seconds; it honours the header. */
const RETRY_AFTER_SECONDS = '2';

/**
 * The webhook as a value. 401 for a wrong secret; 503 only when the turn could not be stored: any other failing answer
 * would make Telegram hold the chat's whole queue back for an update that can never succeed.
 */
export function createWebhook(deps: WebhookDeps): Hono {
  const app = new Hono();
  app.post('/webhook', async (context) => {
    if (!isSecret(context.req.header(SECRET_HEADER), deps.secret)) return context.body(null, 401);
    const update = await readJson(context.req.raw);
    const queued: Turn[] = [];
    const outcome = await acceptUpdate(update, { ...deps, onQueued: (turn) => void queued.push(turn) });
    if (outcome === 'later') return context.body(null, 503, { 'retry-after': RETRY_AFTER_SECONDS });
    const [turn] = queued;
    const reply = turn && (await deps.replyTo?.(turn));
    return reply === undefined ? context.body(null, 200) : context.json(reply);
  });
  app.onError((error, context) => {
    deps.onError(error);
    return context.body(null, 503, { 'retry-after': RETRY_AFTER_SECONDS });
  });
  return app;
}

/** @returns undefined when the body is no JSON or too large to be an update. */
async function readJson(request: Request): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const body: AsyncIterable<Uint8Array> | undefined = request.body ?? undefined;
  for await (const chunk of body ?? []) {
    size += chunk.byteLength;
    if (size > BODY_LIMIT_BYTES) return undefined;
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
