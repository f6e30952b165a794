import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAgentConfig } from '../config.ts';
import { sessionHome } from '../session/session-home.ts';
import { cliEnvironment } from './cli-environment.ts';

const home = sessionHome('/work', '0190c8a4-0000-4000-8000-000000000001');
const TOKEN = 'the-token-of-this-server';

const environmentFor = (variables: Record<string, string>): Record<string, string> =>
  cliEnvironment(parseAgentConfig({ SDK_CLIENT_AUTH_TOKEN: TOKEN, ...variables }), home);

/** What every CLI process has, whatever the host's environment is. */
const OWN = Object.keys(environmentFor({ ANTHROPIC_API_KEY: 'key' }));

describe('the environment of the CLI', () => {
  it('has nothing of the host’s but what the CLI needs to find the network', () => {
    const network = {
      PATH: '/usr/bin',
      LANG: 'C.UTF-8',
      TZ: 'Europe/Rome',
      HTTPS_PROXY: 'http://proxy:3128',
      https_proxy: 'http://proxy:3128',
      no_proxy: '127.0.0.1',
      NODE_EXTRA_CA_CERTS: '/etc/ca.pem',
    };
    const environment = environmentFor({
      ...network,
      ANTHROPIC_API_KEY: 'key',
      TELEGRAM_BOT_TOKEN: '1:secret',
      DATABASE_URL: 'postgres://u:p@host/db',
      NODE_OPTIONS: '--inspect',
      LD_PRELOAD: '/tmp/x.so',
      PATHEXT: 'x',
      MY_HTTPS_PROXY: 'x',
      AWS_ACCESS_KEY_ID: 'host',
      AWS_SECRET_ACCESS_KEY: 'host-secret',
    });
    expect(Object.keys(environment).sort()).toEqual([...OWN, ...Object.keys(network)].sort());
    expect(environment).toMatchObject(network);
  });

  it('keeps the token of this server to this server', () => {
    expect(JSON.stringify(environmentFor({ ANTHROPIC_API_KEY: 'key' }))).not.toContain(TOKEN);
  });

  it('has the session’s own directories, HOME among them', () => {
    expect(environmentFor({ ANTHROPIC_API_KEY: 'key', HOME: '/home/host' })).toMatchObject({
      HOME: home.root,
      CLAUDE_CONFIG_DIR: home.config,
      CLAUDE_CODE_TMPDIR: home.temporary,
    });
  });

  it('names the model behind an alias only when one was given', () => {
    const environment = environmentFor({ ANTHROPIC_API_KEY: 'key', ANTHROPIC_DEFAULT_OPUS_MODEL: 'my-opus' });
    expect(environment.ANTHROPIC_DEFAULT_OPUS_MODEL).toBe('my-opus');
    expect(environment).not.toHaveProperty('ANTHROPIC_DEFAULT_SONNET_MODEL');
  });
});

describe('the access to the model', () => {
  const bedrock = { CLAUDE_CODE_USE_BEDROCK: '1', AWS_REGION: 'eu-west-1', HOME: '/home/host' };
  const hosts = {
    AWS_ACCESS_KEY_ID: 'host-key',
    AWS_SECRET_ACCESS_KEY: 'host-secret',
    AWS_SESSION_TOKEN: 'host-session',
    AWS_PROFILE: 'work',
    AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/v2/credentials',
  };
  const awsOf = (environment: Record<string, string>): Record<string, string> =>
    Object.fromEntries(Object.entries(environment).filter(([name]) => name.startsWith('AWS_')));

  it('by the AWS chain has the chain’s variables and the host’s files', () => {
    const environment = environmentFor({ ...bedrock, ...hosts });
    expect(awsOf(environment)).toEqual({
      ...hosts,
      AWS_REGION: 'eu-west-1',
      AWS_SHARED_CREDENTIALS_FILE: join('/home/host', '.aws', 'credentials'),
      AWS_CONFIG_FILE: join('/home/host', '.aws', 'config'),
    });
    expect(environment).toMatchObject({ CLAUDE_CODE_USE_BEDROCK: '1', HOME: home.root });
    expect(environment).not.toHaveProperty('CLAUDE_CODE_SKIP_BEDROCK_AUTH');
  });

  it('by the AWS chain keeps files that the host names itself', () => {
    const files = { AWS_CONFIG_FILE: '/etc/aws', AWS_SHARED_CREDENTIALS_FILE: '/etc/keys' };
    expect(environmentFor({ ...bedrock, ...files })).toMatchObject(files);
  });

  it('by keys of its own has those and none of the host’s', () => {
    const keys = { BEDROCK_ACCESS_KEY_ID: 'own-key', BEDROCK_SECRET_ACCESS_KEY: 'own-secret' };
    expect(awsOf(environmentFor({ ...bedrock, ...hosts, ...keys }))).toEqual({
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'own-key',
      AWS_SECRET_ACCESS_KEY: 'own-secret',
    });
    expect(
      environmentFor({ ...bedrock, ...keys, BEDROCK_SESSION_TOKEN: 'own-session' }).AWS_SESSION_TOKEN,
    ).toBe('own-session');
  });

  it('without a signature has no credentials at all', () => {
    const environment = environmentFor({ ...bedrock, ...hosts, CLAUDE_CODE_SKIP_BEDROCK_AUTH: '1' });
    expect(awsOf(environment)).toEqual({ AWS_REGION: 'eu-west-1' });
    expect(environment.CLAUDE_CODE_SKIP_BEDROCK_AUTH).toBe('1');
  });

  it('at another endpoint names it', () => {
    const url = 'http://127.0.0.1:9';
    expect(environmentFor({ ANTHROPIC_BEDROCK_BASE_URL: url }).ANTHROPIC_BEDROCK_BASE_URL).toBe(url);
    expect(environmentFor({ ANTHROPIC_API_KEY: 'key', ANTHROPIC_BASE_URL: url }).ANTHROPIC_BASE_URL).toBe(
      url,
    );
  });

  it('by an Anthropic key has nothing of AWS', () => {
    const environment = environmentFor({ ...hosts, ANTHROPIC_API_KEY: 'key' });
    expect(environment.ANTHROPIC_API_KEY).toBe('key');
    expect(awsOf(environment)).toEqual({});
    expect(environment).not.toHaveProperty('CLAUDE_CODE_USE_BEDROCK');
  });
});
