import { createHmac } from 'node:crypto';
import { z } from 'zod';

export interface ClientConfig {
  readonly botToken: string;
  /** Telegram user ids that may talk to the agent. */
  readonly allowedUsers: ReadonlySet<string>;
  /** The first of them, who runs the bot. */
  readonly ownerId: string;
  readonly updates:
    | {
        kind: 'webhook';
        /** Where Telegram reaches `POST /webhook`; undefined: the webhook is registered elsewhere. */
        url?: string;
        secret: string;
      }
    | { kind: 'polling' };
  /** The Bot API server, without a trailing slash. */
  readonly apiRoot: string;
}

const TELEGRAM = 'https://api.telegram.org';

/** Several deployables take these settings. */
export const allowedUsersSchema = z
  .string({ error: 'is required: the Telegram user ids that may use the bot, separated by commas' })
  .regex(
    /^\s*\d{1,19}([\s,]+\d{1,19})*[\s,]*$/,
    'must be Telegram user ids (numbers) separated by commas; there is no "everybody"',
  )
  .transform((ids): ReadonlySet<string> => new Set(ids.split(/[\s,]+/).filter((id) => id !== '')));

export const apiRootSchema = z
  .url({ protocol: /^https?$/, error: 'must be an http(s) URL' })
  .default(TELEGRAM)
  .transform((url) => url.replace(/\/+$/, ''));

const environmentSchema = z
  .object({
    TELEGRAM_BOT_TOKEN: z
      .string({ error: 'is required' })
      .regex(/^\d+:[A-Za-z0-9_-]+$/, 'must look like 123456:ABC-DEF, as @BotFather gives it'),
    ALLOWED_USERS: allowedUsersSchema,
    TELEGRAM_MODE: z.enum(['polling', 'webhook'], 'must be polling or webhook').optional(),
    TELEGRAM_WEBHOOK_URL: z
      .url({ protocol: /^https?$/, error: 'must be the https URL at which Telegram reaches this server' })
      .transform(webhookAddress)
      .optional(),
    // The character set and length are what Telegram takes as `secret_token`.
    TELEGRAM_WEBHOOK_SECRET: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,256}$/, 'must be 1 to 256 of A-Z a-z 0-9 _ -')
      .optional(),
    TELEGRAM_API_ROOT: apiRootSchema,
  })
  .refine(
    (env) =>
      env.TELEGRAM_MODE !== 'webhook' ||
      env.TELEGRAM_WEBHOOK_SECRET !== undefined ||
      env.TELEGRAM_WEBHOOK_URL !== undefined,
    {
      path: ['TELEGRAM_WEBHOOK_SECRET'],
      error:
        'is required with TELEGRAM_MODE=webhook, or TELEGRAM_WEBHOOK_URL, by which the webhook registers itself',
      // Also when another variable is wrong: every mistake is told at once.
      when: () => true,
    },
  )
  .refine((env) => env.TELEGRAM_MODE !== 'polling' || env.TELEGRAM_WEBHOOK_URL === undefined, {
    path: ['TELEGRAM_WEBHOOK_URL'],
    error: 'has no effect with TELEGRAM_MODE=polling: remove one of the two',
    when: () => true,
  })
  .refine(
    (env) => env.TELEGRAM_WEBHOOK_URL?.startsWith('http:') !== true || env.TELEGRAM_API_ROOT !== TELEGRAM,
    {
      path: ['TELEGRAM_WEBHOOK_URL'],
      error: 'must begin with https: Telegram sends updates to nothing else',
      when: () => true,
    },
  );

/** A bare host means the route that this server has. */
function webhookAddress(given: string): string {
  const url = new URL(given);
  if (url.pathname === '/') url.pathname = '/webhook';
  return url.href;
}

/** The same at every start, so that nothing changes at Telegram; nobody finds the token by it. */
function secretFor(botToken: string): string {
  return createHmac('sha256', botToken).update('the secret of the webhook').digest('base64url');
}

/** @returns the first of the people who may use the bot. */
export function ownerOf(allowedUsers: ReadonlySet<string>): string {
  const [owner] = allowedUsers;
  if (owner === undefined) throw new Error('Nobody may use the bot');
  return owner;
}

/** The settings of the Telegram side, as a `ClientConfig`. */
export const clientSchema = environmentSchema.transform((env): ClientConfig => ({
  botToken: env.TELEGRAM_BOT_TOKEN,
  allowedUsers: env.ALLOWED_USERS,
  ownerId: ownerOf(env.ALLOWED_USERS),
  updates: updatesOf(env),
  apiRoot: env.TELEGRAM_API_ROOT,
}));

function updatesOf(env: z.output<typeof environmentSchema>): ClientConfig['updates'] {
  const { TELEGRAM_MODE: mode, TELEGRAM_WEBHOOK_URL: url } = env;
  if (mode !== 'webhook' && url === undefined) return { kind: 'polling' };
  const secret = env.TELEGRAM_WEBHOOK_SECRET ?? secretFor(env.TELEGRAM_BOT_TOKEN);
  return { kind: 'webhook', secret, ...(url === undefined ? {} : { url }) };
}
