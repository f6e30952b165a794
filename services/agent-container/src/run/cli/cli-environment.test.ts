import { describe, expect, it } from 'vitest';
import { parseAgentConfig } from '../../config.ts';
import { sessionHome } from '../../session/home/session-home.ts';
import { cliEnvironment } from './cli-environment.ts';

const home = sessionHome('/work', '0190c8a4-0000-4000-8000-000000000001');
const TOKEN = 'the-token-of-this-server';
const MODEL_URL = 'http://127.0.0.1:9/grant';

const environmentFor = (variables: Record<string, string>): Record<string, string> =>
  cliEnvironment(parseAgentConfig({ SDK_CLIENT_AUTH_TOKEN: TOKEN, ...variables }), home, MODEL_URL);

/** What every CLI process has, whatever the host's environment is. */
const OWN = Object.keys(environmentFor({ ANTHROPIC_API_KEY: 'key' }));

describe('the environment of the CLI', () => {
  it('has nothing of the host’s but what programs need to run', () => {
    const plain = { PATH: '/usr/bin', LANG: 'C.UTF-8', TZ: 'Europe/Rome' };
    const environment = environmentFor({
      ...plain,
      HOME: '/home/host',
      ANTHROPIC_API_KEY: 'key',
      TELEGRAM_BOT_TOKEN: '1:secret',
      DATABASE_URL: 'postgres://u:p@host/db',
      NODE_OPTIONS: '--inspect',
      LD_PRELOAD: '/tmp/x.so',
      PATHEXT: 'x',
      HTTPS_PROXY: 'http://user:password@proxy:3128',
      NODE_EXTRA_CA_CERTS: '/etc/ca.pem',
      AWS_ACCESS_KEY_ID: 'host',
      AWS_SECRET_ACCESS_KEY: 'host-secret',
      AWS_LAMBDA_RUNTIME_API: '127.0.0.1:9001',
    });
    expect(Object.keys(environment).sort()).toEqual([...OWN, ...Object.keys(plain)].sort());
    expect(environment).toMatchObject(plain);
  });

  it('keeps every secret of this server to this server, whichever way into the model it has', () => {
    const bedrock = { CLAUDE_CODE_USE_BEDROCK: '1', AWS_REGION: 'eu-west-1' };
    const hosts = {
      AWS_ACCESS_KEY_ID: 'SECRET-host-key',
      AWS_SECRET_ACCESS_KEY: 'SECRET-host',
      AWS_SESSION_TOKEN: 'SECRET-session',
      AWS_PROFILE: 'SECRET-profile',
      AWS_BEARER_TOKEN_BEDROCK: 'SECRET-bearer',
    };
    const ways = [
      { ANTHROPIC_API_KEY: 'SECRET-key', ANTHROPIC_BASE_URL: 'https://SECRET.example' },
      { ...bedrock, ...hosts },
      { ...bedrock, BEDROCK_ACCESS_KEY_ID: 'SECRET-id', BEDROCK_SECRET_ACCESS_KEY: 'SECRET-own' },
      { ...bedrock, BEDROCK_API_KEY: 'SECRET-api-key' },
      { ...bedrock, BEDROCK_SECRET_ARN: 'SECRET-arn' },
      { ...bedrock, ANTHROPIC_BEDROCK_BASE_URL: 'https://SECRET.example' },
    ];
    for (const way of ways) {
      const environment = JSON.stringify(environmentFor({ ...hosts, ...way }));
      expect(environment).not.toContain('SECRET');
      expect(environment).not.toContain(TOKEN);
    }
  });

  it('has the session’s own directories, HOME among them', () => {
    expect(environmentFor({ ANTHROPIC_API_KEY: 'key', HOME: '/home/host' })).toMatchObject({
      HOME: home.userHome,
      CLAUDE_CONFIG_DIR: home.config,
      CLAUDE_CODE_TMPDIR: home.temporary,
    });
  });

  it('names the model behind an alias only when one was given', () => {
    const environment = environmentFor({ ANTHROPIC_API_KEY: 'key', ANTHROPIC_DEFAULT_OPUS_MODEL: 'my-opus' });
    expect(environment.ANTHROPIC_DEFAULT_OPUS_MODEL).toBe('my-opus');
    expect(environment).not.toHaveProperty('ANTHROPIC_DEFAULT_SONNET_MODEL');
  });

  it('leads to the model by the run’s grant alone, on Bedrock without a signature', () => {
    const environment = environmentFor({ CLAUDE_CODE_USE_BEDROCK: '1', AWS_REGION: 'eu-west-1' });
    expect(environment).toMatchObject({
      CLAUDE_CODE_USE_BEDROCK: '1',
      CLAUDE_CODE_SKIP_BEDROCK_AUTH: '1',
      ANTHROPIC_BEDROCK_BASE_URL: MODEL_URL,
      AWS_REGION: 'eu-west-1',
    });
    expect(Object.keys(environment).filter((name) => name.startsWith('AWS_'))).toEqual(['AWS_REGION']);
  });

  it('leads to the model by the run’s grant alone, at Anthropic without the key', () => {
    const environment = environmentFor({ ANTHROPIC_API_KEY: 'the-real-key' });
    expect(environment.ANTHROPIC_BASE_URL).toBe(MODEL_URL);
    expect(environment.ANTHROPIC_API_KEY).not.toBe('the-real-key');
    expect(environment).not.toHaveProperty('CLAUDE_CODE_USE_BEDROCK');
  });
});
