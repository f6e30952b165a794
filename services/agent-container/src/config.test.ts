import { ConfigError } from '@omnicloud/settings';
import { describe, expect, it } from 'vitest';
import { type AgentConfig, parseAgentConfig } from './config.ts';

const parse = (variables: Record<string, string>): AgentConfig => parseAgentConfig(variables);

function problemsOf(variables: Record<string, string>): ConfigError {
  try {
    parseAgentConfig(variables);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('There is nothing wrong with these settings');
}

const namesIn = ({ problems }: ConfigError): string[] =>
  [...new Set(problems.map((problem) => problem.split(' ')[0] ?? ''))].sort();

describe('settings with mistakes', () => {
  it('are refused with every mistake at once, each by its name, also those between two settings', () => {
    const error = problemsOf({
      CLAUDE_CODE_USE_BEDROCK: '1',
      BEDROCK_ACCESS_KEY_ID: 'key',
      ANTHROPIC_BASE_URL: 'ftp://model',
      AGENT_SHELL: 'maybe',
      CLAUDE_CODE_SKIP_BEDROCK_AUTH: 'yes',
    });
    expect(namesIn(error)).toEqual([
      'AGENT_SHELL',
      'ANTHROPIC_BASE_URL',
      'BEDROCK_REGION',
      'BEDROCK_SECRET_ACCESS_KEY',
      'CLAUDE_CODE_SKIP_BEDROCK_AUTH',
    ]);
  });

  it('never repeat a value, as it may be a secret', () => {
    const values = {
      CLAUDE_CODE_USE_BEDROCK: 'secret-1',
      BEDROCK_REGION: 'secret-2',
      ANTHROPIC_BEDROCK_BASE_URL: 'secret-3',
      BEDROCK_SECRET_ACCESS_KEY: 'secret-4',
      AGENT_SHELL: 'secret-5',
    };
    const error = problemsOf(values);
    expect(namesIn(error)).toEqual(expect.arrayContaining(['BEDROCK_REGION', 'AGENT_SHELL']));
    expect(`${error.message} ${error.problems.join()}`).not.toContain('secret-');
  });

  it.each<[Record<string, string>, string]>([
    [{}, 'CLAUDE_CODE_USE_BEDROCK'],
    [{ CLAUDE_CODE_USE_BEDROCK: '0' }, 'CLAUDE_CODE_USE_BEDROCK'],
    [{ CLAUDE_CODE_USE_BEDROCK: '1' }, 'BEDROCK_REGION'],
    [{ CLAUDE_CODE_USE_BEDROCK: '1', BEDROCK_REGION: 'Frankfurt' }, 'BEDROCK_REGION'],
    [{ ANTHROPIC_API_KEY: 'key', ANTHROPIC_SECRET_ARN: 'arn' }, 'ANTHROPIC_SECRET_ARN'],
    [{ CLAUDE_CODE_USE_BEDROCK: '1', AWS_REGION: 'Frankfurt' }, 'AWS_REGION'],
    [{ ANTHROPIC_API_KEY: 'key', BEDROCK_SECRET_ACCESS_KEY: 's' }, 'BEDROCK_ACCESS_KEY_ID'],
    [{ ANTHROPIC_API_KEY: 'key', BEDROCK_SECRET_ARN: 'arn', BEDROCK_API_KEY: 'k' }, 'BEDROCK_API_KEY'],
  ])('%j are refused because of %s alone', (variables, name) => {
    expect(namesIn(problemsOf(variables))).toEqual([name]);
  });
});

describe('the access to the model', () => {
  const bedrock = { CLAUDE_CODE_USE_BEDROCK: '1', BEDROCK_REGION: 'us-gov-west-1' };
  const keys = { BEDROCK_ACCESS_KEY_ID: 'id', BEDROCK_SECRET_ACCESS_KEY: 'secret' };
  const url = 'http://127.0.0.1:9';

  it.each<[string, Record<string, string>, AgentConfig['access']]>([
    ['the AWS chain on Bedrock', bedrock, { kind: 'bedrock', region: 'us-gov-west-1', credentials: 'chain' }],
    [
      'keys on Bedrock, which win over the chain',
      { ...bedrock, ...keys, AWS_ACCESS_KEY_ID: 'host' },
      {
        kind: 'bedrock',
        region: 'us-gov-west-1',
        credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
      },
    ],
    [
      'keys of a temporary kind',
      { ...bedrock, ...keys, BEDROCK_SESSION_TOKEN: 'session' },
      {
        kind: 'bedrock',
        region: 'us-gov-west-1',
        credentials: { accessKeyId: 'id', secretAccessKey: 'secret', sessionToken: 'session' },
      },
    ],
    [
      'a Bedrock API key',
      { ...bedrock, BEDROCK_API_KEY: 'api-key', AWS_ACCESS_KEY_ID: 'host' },
      { kind: 'bedrock', region: 'us-gov-west-1', credentials: { apiKey: 'api-key' } },
    ],
    [
      'a Bedrock API key under the name that AWS gives it, which wins over the chain',
      { ...bedrock, AWS_BEARER_TOKEN_BEDROCK: 'api-key', AWS_ACCESS_KEY_ID: 'host' },
      { kind: 'bedrock', region: 'us-gov-west-1', credentials: { apiKey: 'api-key' } },
    ],
    [
      'a secret, which wins over all that the host has',
      { ...bedrock, BEDROCK_SECRET_ARN: 'arn', AWS_ACCESS_KEY_ID: 'role', AWS_BEARER_TOKEN_BEDROCK: 'x' },
      { kind: 'bedrock', region: 'us-gov-west-1', credentials: { secret: 'arn' } },
    ],
    [
      'no signature where that was asked for, even with keys',
      { ...bedrock, ...keys, CLAUDE_CODE_SKIP_BEDROCK_AUTH: '1' },
      { kind: 'bedrock', region: 'us-gov-west-1', credentials: 'none' },
    ],
    [
      'no signature at an endpoint of one’s own, without any credentials in sight',
      { ANTHROPIC_BEDROCK_BASE_URL: url },
      { kind: 'bedrock', region: 'us-east-1', baseUrl: url, credentials: 'none' },
    ],
    [
      'the chain at an endpoint of one’s own, when the host has one',
      { ANTHROPIC_BEDROCK_BASE_URL: url, AWS_PROFILE: 'work', AWS_REGION: 'eu-west-1' },
      { kind: 'bedrock', region: 'eu-west-1', baseUrl: url, credentials: 'chain' },
    ],
    [
      'Bedrock by its endpoint, even beside an Anthropic key',
      { ANTHROPIC_BEDROCK_BASE_URL: url, ANTHROPIC_API_KEY: 'key' },
      { kind: 'bedrock', region: 'us-east-1', baseUrl: url, credentials: 'none' },
    ],
    [
      'Anthropic when Bedrock was switched off by name',
      { ANTHROPIC_BEDROCK_BASE_URL: url, ANTHROPIC_API_KEY: 'key', CLAUDE_CODE_USE_BEDROCK: '0' },
      { kind: 'anthropic', credentials: { apiKey: 'key' } },
    ],
    [
      'Anthropic with a key in a secret',
      { ANTHROPIC_SECRET_ARN: 'arn' },
      { kind: 'anthropic', credentials: { secret: 'arn' } },
    ],
    [
      'Anthropic at another endpoint',
      { ANTHROPIC_API_KEY: 'key', ANTHROPIC_BASE_URL: url },
      { kind: 'anthropic', credentials: { apiKey: 'key' }, baseUrl: url },
    ],
  ])('is %s', (_, variables, access) => {
    expect(parse(variables).access).toEqual(access);
  });
});

describe('the region of the model', () => {
  const bedrock = { CLAUDE_CODE_USE_BEDROCK: '1', BEDROCK_API_KEY: 'key' };
  const regionOf = ({ access }: AgentConfig): string | undefined =>
    access.kind === 'bedrock' ? access.region : undefined;

  it('is BEDROCK_REGION, whatever the region of everything else is', () => {
    const config = parse({ ...bedrock, BEDROCK_REGION: 'us-west-2', AWS_REGION: 'eu-west-1' });
    expect([regionOf(config), config.notices]).toEqual(['us-west-2', undefined]);
  });

  it('is AWS_REGION when only that is set, and that is said', () => {
    const config = parse({ ...bedrock, AWS_REGION: 'eu-west-1' });
    expect(regionOf(config)).toBe('eu-west-1');
    expect(config.notices).toEqual([expect.stringMatching(/^BEDROCK_REGION is not set.*eu-west-1/)]);
  });
});

describe('the other settings', () => {
  it('are the CLI’s own models and no shell unless told otherwise', () => {
    expect(parse({ ANTHROPIC_API_KEY: 'key' })).toEqual({
      access: { kind: 'anthropic', credentials: { apiKey: 'key' } },
      models: {},
      isShellOn: false,
      turnBudgetUsd: 2,
      inherited: {},
      proxies: {},
    });
  });

  it('name models by alias and for everything', () => {
    const { models, model, isShellOn } = parse({
      ANTHROPIC_API_KEY: 'key',
      ANTHROPIC_MODEL: 'opus',
      ANTHROPIC_DEFAULT_OPUS_MODEL: 'a',
      ANTHROPIC_DEFAULT_SONNET_MODEL: 'b',
      ANTHROPIC_DEFAULT_HAIKU_MODEL: 'c',
      AGENT_SHELL: 'on',
    });
    expect({ models, model, isShellOn }).toEqual({
      models: { opus: 'a', sonnet: 'b', haiku: 'c' },
      model: 'opus',
      isShellOn: true,
    });
  });

  it.each([
    ['on', undefined, { isShellOn: true, isShellUnconfined: undefined, isNetworkOn: undefined }],
    ['on', 'on', { isShellOn: true, isShellUnconfined: undefined, isNetworkOn: true }],
    ['unconfined', 'off', { isShellOn: true, isShellUnconfined: true, isNetworkOn: undefined }],
  ])('confine a shell that is %s, with the network %s', (shell, network, expected) => {
    const { isShellOn, isShellUnconfined, isNetworkOn } = parse({
      ANTHROPIC_API_KEY: 'key',
      AGENT_SHELL: shell,
      ...(network === undefined ? {} : { AGENT_NETWORK: network }),
    });
    expect({ isShellOn, isShellUnconfined, isNetworkOn }).toEqual(expected);
  });

  it('limit what a turn may take', () => {
    const { turnTokenLimit, turnBudgetUsd } = parse({
      ANTHROPIC_API_KEY: 'key',
      TURN_TOKEN_LIMIT: '200000',
      TURN_BUDGET_USD: '0.5',
    });
    expect([turnTokenLimit, turnBudgetUsd]).toEqual([200_000, 0.5]);
    // Nobody has to think of a limit to have one, and nobody is kept from going without.
    expect(parse({ ANTHROPIC_API_KEY: 'key' }).turnBudgetUsd).toBe(2);
    expect(parse({ ANTHROPIC_API_KEY: 'key', TURN_BUDGET_USD: 'none' })).not.toHaveProperty('turnBudgetUsd');
    const wrong = { ANTHROPIC_API_KEY: 'key', TURN_TOKEN_LIMIT: '1.5', TURN_BUDGET_USD: '0' };
    expect(namesIn(problemsOf(wrong))).toEqual(['TURN_BUDGET_USD', 'TURN_TOKEN_LIMIT']);
  });

  it('take of the host’s environment only what is listed, and nothing that is empty', () => {
    const { inherited, proxies } = parse({
      ANTHROPIC_API_KEY: 'key',
      PATH: '/bin',
      HOME: '/home/host',
      LANG: '',
      AWS_PROFILE: 'work',
      AWS_LAMBDA_FUNCTION_NAME: 'x',
      TELEGRAM_BOT_TOKEN: '1:secret',
      HTTPS_PROXY: 'http://proxy:3128',
      no_proxy: '127.0.0.1',
      MY_HTTPS_PROXY: 'x',
    });
    expect(inherited).toEqual({ PATH: '/bin' });
    expect(proxies).toEqual({ HTTPS_PROXY: 'http://proxy:3128', no_proxy: '127.0.0.1' });
  });
});
