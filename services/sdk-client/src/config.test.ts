import { ConfigError, readSettings } from '@omnicloud/settings';
import { describe, expect, it } from 'vitest';
import { type ClientConfig, clientSchema } from './config.ts';

const TOKEN = '123456:not-a-real-token';
const REQUIRED = { TELEGRAM_BOT_TOKEN: TOKEN, ALLOWED_USERS: '7123456789' };

const parseClientConfig = (environment: NodeJS.ProcessEnv): ClientConfig =>
  readSettings(clientSchema, environment);

function problemsOf(environment: NodeJS.ProcessEnv): readonly string[] {
  try {
    parseClientConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

/** @returns the variables that the problems are about. */
function namesIn(problems: readonly string[]): (string | undefined)[] {
  return problems.map((problem) => problem.split(' ')[0]);
}

describe('the settings', () => {
  it('need a token and the people who may use the bot, and poll Telegram by default', () => {
    expect(parseClientConfig(REQUIRED)).toEqual({
      botToken: TOKEN,
      allowedUsers: new Set(['7123456789']),
      ownerId: '7123456789',
      updates: { kind: 'polling' },
      apiRoot: 'https://api.telegram.org',
    });
  });

  it('take a webhook with its secret', () => {
    const env = { ...REQUIRED, TELEGRAM_MODE: 'webhook', TELEGRAM_WEBHOOK_SECRET: 's3cret_-' };
    expect(parseClientConfig(env).updates).toEqual({ kind: 'webhook', secret: 's3cret_-' });
  });

  it.each(['1,2,3', ' 1, 2 ,3 ', '1 2\n3', '1,2,3,', '1,,2,3,3'])('read the list of people %j', (list) => {
    const { allowedUsers, ownerId } = parseClientConfig({ ...REQUIRED, ALLOWED_USERS: list });
    expect(allowedUsers).toEqual(new Set(['1', '2', '3']));
    expect(ownerId).toBe('1');
  });

  it.each([
    ['https://bot-api.example.org/', 'https://bot-api.example.org'],
    ['http://127.0.0.1:8081//', 'http://127.0.0.1:8081'],
    ['https://example.org/telegram/', 'https://example.org/telegram'],
  ])('take the API root %s without its trailing slashes', (given, apiRoot) => {
    expect(parseClientConfig({ ...REQUIRED, TELEGRAM_API_ROOT: given }).apiRoot).toBe(apiRoot);
  });
});

describe('mistakes in the settings', () => {
  it('are told all at once, each by its name', () => {
    expect(namesIn(problemsOf({}))).toEqual(['TELEGRAM_BOT_TOKEN', 'ALLOWED_USERS']);
    const wrong = {
      TELEGRAM_BOT_TOKEN: 'x',
      ALLOWED_USERS: 'ada',
      TELEGRAM_MODE: 'push',
      TELEGRAM_WEBHOOK_SECRET: 'not allowed!',
      TELEGRAM_API_ROOT: 'ftp://example.org',
    };
    expect(namesIn(problemsOf(wrong))).toEqual(Object.keys(wrong));
  });

  it('include a webhook without a secret, also beside others', () => {
    const webhook = { TELEGRAM_MODE: 'webhook' };
    expect(namesIn(problemsOf({ ...REQUIRED, ...webhook }))).toEqual(['TELEGRAM_WEBHOOK_SECRET']);
    expect(namesIn(problemsOf({ ...webhook, ALLOWED_USERS: '1' }))).toEqual([
      'TELEGRAM_BOT_TOKEN',
      'TELEGRAM_WEBHOOK_SECRET',
    ]);
  });

  it('include an address for updates that are polled, and one that Telegram does not take', () => {
    const url = { ...REQUIRED, TELEGRAM_WEBHOOK_URL: 'https://bot.example.org' };
    expect(namesIn(problemsOf({ ...url, TELEGRAM_MODE: 'polling' }))).toEqual(['TELEGRAM_WEBHOOK_URL']);
    for (const wrong of ['http://bot.example.org', 'bot.example.org', 'ftp://bot.example.org'])
      expect(namesIn(problemsOf({ ...url, TELEGRAM_WEBHOOK_URL: wrong }))).toEqual(['TELEGRAM_WEBHOOK_URL']);
  });

  it('are told once each: a secret that is wrong is not called missing too', () => {
    const env = { ...REQUIRED, TELEGRAM_MODE: 'webhook', TELEGRAM_WEBHOOK_SECRET: 'not allowed!' };
    expect(problemsOf(env)).toHaveLength(1);
  });

  it.each(['*', '1,*', 'all', '@ada', '-5', '1;2', ',', '12345678901234567890'])(
    'include %j as the people who may use the bot',
    (list) => {
      expect(namesIn(problemsOf({ ...REQUIRED, ALLOWED_USERS: list }))).toEqual(['ALLOWED_USERS']);
    },
  );

  it.each(['s'.repeat(257), 'with space', 'with:colon', 'ünï'])('include the secret %j', (secret) => {
    const env = { ...REQUIRED, TELEGRAM_WEBHOOK_SECRET: secret };
    expect(namesIn(problemsOf(env))).toEqual(['TELEGRAM_WEBHOOK_SECRET']);
  });

  it('are told without the values, which may be secrets', () => {
    const problems = problemsOf({
      ...REQUIRED,
      TELEGRAM_BOT_TOKEN: `${TOKEN}!`,
      TELEGRAM_WEBHOOK_SECRET: 'hush hush',
      TELEGRAM_API_ROOT: 'my-proxy with password',
    });
    expect(problems).toHaveLength(3);
    expect(problems.join()).not.toMatch(/not-a-real-token|hush|password/);
  });
});

describe('The address of the webhook', () => {
  const updatesFor = (more: Record<string, string>): unknown =>
    parseClientConfig({ ...REQUIRED, TELEGRAM_WEBHOOK_URL: 'https://bot.example.org', ...more }).updates;

  it('means a webhook, at the route that the server has unless it names one, with a secret that stays the same', () => {
    const updates = updatesFor({});
    expect(updates).toMatchObject({ kind: 'webhook', url: 'https://bot.example.org/webhook' });
    expect(updates).toEqual(updatesFor({ TELEGRAM_MODE: 'webhook' }));
    expect(updates).not.toEqual(updatesFor({ TELEGRAM_BOT_TOKEN: `${TOKEN}x` }));
    expect(JSON.stringify(updates)).not.toContain(TOKEN);
  });

  it('may name another route and another secret', () => {
    const given = { TELEGRAM_WEBHOOK_URL: 'https://bot.example.org/a/hook', TELEGRAM_WEBHOOK_SECRET: 'mine' };
    expect(updatesFor(given)).toEqual({
      kind: 'webhook',
      url: 'https://bot.example.org/a/hook',
      secret: 'mine',
    });
  });
});
