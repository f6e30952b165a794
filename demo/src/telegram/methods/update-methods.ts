import type { Update } from 'grammy/types';
import { once } from 'node:events';
import { z } from 'zod';
import { BotApiError, badRequest } from '../calls/bot-api-error.ts';
import type { BotMethods } from '../calls/bot-method.ts';
import { type CallPayload, flag, integer, nested, parsePayload } from '../calls/call-payload.ts';
import type { SettingsStore, Webhook } from '../store/settings-store.ts';
import type { UpdateQueue } from '../store/update-queue.ts';
import type { WebhookDelivery } from '../webhook-delivery.ts';

const MAX_UPDATES = 100;
const MAX_POLL_S = 50;
const MAX_SECRET_LENGTH = 256;
const WEBHOOK_IS_ACTIVE =
  "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";

const allowedUpdates = nested(z.array(z.string())).optional();
const getUpdates = z.object({
  offset: integer.default(0),
  limit: integer.default(MAX_UPDATES),
  timeout: integer.default(0),
  allowed_updates: allowedUpdates,
});
const dropPending = z.object({ drop_pending_updates: flag.default(false) });
const setWebhook = dropPending.extend({
  url: z.string().default(''),
  secret_token: z.string().optional(),
  allowed_updates: allowedUpdates,
});

interface Parts {
  settings: SettingsStore;
  updates: UpdateQueue;
  delivery: WebhookDelivery;
  /** Aborted when the stand-in stops. */
  stopped: AbortSignal;
}

/** @returns the methods with which the bot gets its updates. */
export function updateMethods({ settings, updates, delivery, stopped }: Parts): BotMethods {
  let newestPoll = new AbortController();

  function allow(types: string[] | undefined): void {
    // An empty list means the default; an absent one leaves things as they are.
    if (types) settings.set('allowed_updates', types.length > 0 ? types : null);
  }

  function changeWebhook(webhook: Webhook | null, drop: boolean): void {
    newestPoll.abort(new BotApiError(409, 'terminated by setWebhook request'));
    if (drop) updates.clear();
    settings.set('webhook', webhook);
    delivery.webhookChanged();
  }

  function deleteWebhook(payload: CallPayload): { result: true; description: string } {
    const { drop_pending_updates: drop } = parsePayload(dropPending, payload);
    const wasSet = Boolean(settings.get('webhook'));
    changeWebhook(null, drop);
    return { result: true, description: wasSet ? 'Webhook was deleted' : 'Webhook is already deleted' };
  }

  return {
    async getUpdates(payload, signal) {
      const call = parsePayload(getUpdates, payload);
      if (settings.get('webhook')) throw new BotApiError(409, WEBHOOK_IS_ACTIVE);
      newestPoll.abort(
        new BotApiError(
          409,
          'terminated by other getUpdates request; make sure that only one bot instance is running',
        ),
      );
      const poll = new AbortController();
      newestPoll = poll;
      allow(call.allowed_updates);
      if (call.offset !== 0) updates.confirm(call.offset);
      const limit = call.limit >= 1 && call.limit <= MAX_UPDATES ? call.limit : MAX_UPDATES;
      const timeoutMs = Math.min(Math.max(call.timeout, 0), MAX_POLL_S) * 1000;
      if (updates.count() === 0 && timeoutMs > 0) {
        const end = AbortSignal.any([poll.signal, signal, stopped, AbortSignal.timeout(timeoutMs)]);
        await once(updates.events, 'pushed', { signal: end }).catch((error: unknown) => {
          if (!end.aborted) throw error;
        });
      }
      poll.signal.throwIfAborted();
      // After a stop nobody reads any more; the updates stay for the next start.
      const pending = stopped.aborted ? [] : updates.list(limit);
      return { result: pending.map(({ body }) => JSON.parse(body) as Update) };
    },

    setWebhook(payload) {
      const call = parsePayload(setWebhook, payload);
      if (call.url === '') return deleteWebhook(payload);
      const secret = call.secret_token;
      if (!/^https?:$/.test(URL.parse(call.url)?.protocol ?? '')) {
        throw badRequest('bad webhook: An HTTPS URL must be provided for webhook');
      }
      if (secret !== undefined && secret.length > MAX_SECRET_LENGTH) {
        throw badRequest('secret token is too long');
      }
      if (secret !== undefined && !/^[\w-]*$/.test(secret)) {
        throw badRequest('secret token contains unallowed characters');
      }
      allow(call.allowed_updates);
      const webhook = { url: call.url, ...(secret && { secret }) };
      const old = settings.get('webhook');
      const isSame = old?.url === webhook.url && old.secret === webhook.secret;
      changeWebhook(webhook, call.drop_pending_updates);
      return { result: true, description: isSame ? 'Webhook is already set' : 'Webhook was set' };
    },

    deleteWebhook,

    getWebhookInfo() {
      const failure = delivery.lastFailure;
      const allowed = settings.get('allowed_updates');
      return {
        result: {
          url: settings.get('webhook')?.url ?? '',
          has_custom_certificate: false,
          pending_update_count: updates.count(),
          ...(failure && { last_error_date: failure.at_s, last_error_message: failure.message }),
          ...(allowed && { allowed_updates: allowed }),
        },
      };
    },
  };
}
