import { resolve } from 'node:path';
import { ConfigError } from '@omnicloud/settings';
import { describe, expect, it } from 'vitest';
import { parseLocalConfig, readQueueConfig } from './config.ts';
import { demoAgentConfig } from './demo-agent.ts';

function problemsOf(environment: Record<string, string>): readonly string[] {
  try {
    parseLocalConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('Without settings', () => {
  it('everything is embedded, on loopback, with the shell off and a token of its own', () => {
    const config = parseLocalConfig({});
    expect(config).toMatchObject({ host: '127.0.0.1', port: 8787, run: { isShellOn: false } });
    expect([config.telegram, config.model, config.agentServerUrl]).toEqual([undefined, undefined, undefined]);
    expect(config.authToken).not.toBe(parseLocalConfig({}).authToken);
    expect(config.authToken.length).toBeGreaterThan(32);
  });

  it('everything is kept in one folder, the same one for whoever reads that setting alone', () => {
    for (const environment of [{}, { DATA_DIR: 'elsewhere' }, { DATA_DIR: ' ' }, { DATA_DIR: '/abs' }]) {
      expect(readQueueConfig(environment).dataDir).toBe(parseLocalConfig(environment).dataDir);
    }
    expect(readQueueConfig({}).dataDir).toMatch(/\.data$/);
    expect(readQueueConfig({ PORT: 'wrong', DATA_DIR: '/abs/../data' }).dataDir).toBe(resolve('/data'));
  });

  it('an empty setting is none, as in a copied .env.example', () => {
    expect(
      problemsOf({ TELEGRAM_BOT_TOKEN: '', ALLOWED_USERS: ' ', CLAUDE_CODE_USE_BEDROCK: '', PORT: '' }),
    ).toEqual([]);
  });

  it('the CLI of the demo gets nothing of the environment but PATH', () => {
    const { run } = parseLocalConfig({
      PATH: '/bin',
      HOME: '/root',
      LANG: 'C.UTF-8',
      AWS_PROFILE: 'mine',
      HTTPS_PROXY: 'http://proxy:3128',
    });
    const demo = demoAgentConfig(run, 'http://127.0.0.1:1/demo');
    expect(demo.inherited).toEqual({ PATH: '/bin' });
    expect(demo.proxies).toEqual({});
    expect(demo.access).toMatchObject({
      kind: 'bedrock',
      baseUrl: 'http://127.0.0.1:1/demo',
      credentials: 'none',
    });
  });
});

describe('Wrong or missing settings', () => {
  it('are all named at once, those of Telegram, of the model and of this program', () => {
    const problems = problemsOf({
      TELEGRAM_MODE: 'webhook',
      CLAUDE_CODE_USE_BEDROCK: '1',
      BEDROCK_ACCESS_KEY_ID: 'AKIA',
      PORT: '99999',
      AGENT_SHELL: 'yes',
      SDK_CLIENT_AUTH_TOKEN: 'short',
    });
    const names = problems.map((problem) => problem.split(' ')[0]);
    expect(new Set(names)).toEqual(
      new Set([
        'TELEGRAM_BOT_TOKEN',
        'ALLOWED_USERS',
        'TELEGRAM_WEBHOOK_SECRET',
        'BEDROCK_REGION',
        'BEDROCK_SECRET_ACCESS_KEY',
        'PORT',
        'AGENT_SHELL',
        'SDK_CLIENT_AUTH_TOKEN',
      ]),
    );
    expect(names).toHaveLength(new Set(names).size);
  });

  it('are found before anything starts, also those that only the demo reads', () => {
    expect(problemsOf({ TURN_LIMIT_SECONDS: 'soon' })).toEqual([
      'TURN_LIMIT_SECONDS must be a number of seconds',
    ]);
  });

  it.each(['0.0.0.0', '::', '192.168.1.7', '10.0.0.1', '::ffff:10.0.0.1', 'my-box.local', ' 0.0.0.0 '])(
    'a page that others reach (HOST=%s) without a password, or with a short one',
    (host) => {
      expect(problemsOf({ HOST: host })).toHaveLength(1);
      expect(problemsOf({ HOST: host, PAGE_PASSWORD: ' ' })).toHaveLength(1);
      expect(problemsOf({ HOST: host, PAGE_PASSWORD: 'short' })).toHaveLength(1);
      const config = parseLocalConfig({ HOST: host, PAGE_PASSWORD: 'long enough for it' });
      expect(config.pagePassword).toBe('long enough for it');
      expect(config.notices).toEqual([expect.stringContaining('other machines reach this server')]);
    },
  );

  it.each(['127.0.0.1', '127.8.9.1', '::1', 'localhost', 'LOCALHOST', ''])(
    'but none for a page that this machine alone reaches (HOST=%s)',
    (host) => {
      expect(parseLocalConfig({ HOST: host }).notices).toEqual([]);
    },
  );

  it('a bot has no page, so no password', () => {
    const bot = { TELEGRAM_BOT_TOKEN: '1:a', ALLOWED_USERS: '1', HOST: '0.0.0.0' };
    expect(parseLocalConfig(bot).notices).toHaveLength(1);
    const { pagePassword, notices } = parseLocalConfig({ ...bot, PAGE_PASSWORD: 'long enough for it' });
    expect([pagePassword, notices.length]).toEqual([undefined, 2]);
  });

  it('a token without users is no open bot', () => {
    expect(problemsOf({ TELEGRAM_BOT_TOKEN: '1:a' })).toHaveLength(1);
    expect(problemsOf({ TELEGRAM_BOT_TOKEN: '1:a', ALLOWED_USERS: '*' })).toHaveLength(1);
  });
});

describe('A name in .env that is mistyped', () => {
  it('is a mistake like every other, told with all of them', () => {
    const file = { TELEGRM_BOT_TOKEN: '1:a', PORT: 'x' };
    expect(() => parseLocalConfig({ ...file }, file)).toThrow(
      /did you mean TELEGRAM_BOT_TOKEN\?\n.*PORT must be a port number/,
    );
  });

  it('is told when it stands in the environment alone', () => {
    expect(parseLocalConfig({ TELEGRM_BOT_TOKEN: '1:a' }).notices).toHaveLength(1);
  });
});

describe('The token between the tiers', () => {
  const token = 'a-token-of-both-tiers';

  it('is measured under the name it was given by', () => {
    expect(problemsOf({ AGENT_SERVER_AUTH_TOKEN: 'short', ANTHROPIC_API_KEY: 'sk-x' })).toEqual([
      'AGENT_SERVER_AUTH_TOKEN must have at least 16 characters',
    ]);
  });

  it('may be given under the name of either tier, but not two of them', () => {
    expect(parseLocalConfig({ AGENT_SERVER_AUTH_TOKEN: token }).authToken).toBe(token);
    expect(parseLocalConfig({ SDK_CLIENT_AUTH_TOKEN: token }).authToken).toBe(token);
    expect(problemsOf({ AGENT_SERVER_AUTH_TOKEN: token, SDK_CLIENT_AUTH_TOKEN: `${token}-another` })).toEqual(
      ['AGENT_SERVER_AUTH_TOKEN must be the same as SDK_CLIENT_AUTH_TOKEN'],
    );
  });
});

describe('The model', () => {
  it('is Bedrock when an endpoint of it is named', () => {
    const config = parseLocalConfig({ ANTHROPIC_BEDROCK_BASE_URL: 'http://127.0.0.1:1' });
    expect(config.model?.access).toMatchObject({ kind: 'bedrock', baseUrl: 'http://127.0.0.1:1' });
  });

  it('is the demo when Bedrock is switched off and no key is given', () => {
    expect(parseLocalConfig({ CLAUDE_CODE_USE_BEDROCK: '0' }).model).toBeUndefined();
  });

  it('is Anthropic with a key', () => {
    expect(parseLocalConfig({ ANTHROPIC_API_KEY: 'sk-x' }).model?.access).toEqual({
      kind: 'anthropic',
      credentials: { apiKey: 'sk-x' },
    });
  });
});
