import { ConfigError } from '@omnicloud/settings';
import { describe, expect, it } from 'vitest';
import { parseAgentEnvironment } from './container-config.ts';

const SECRET = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:any-AbCdEf';
/** As a function has it; the region and the keys are those of its own account. */
const FUNCTION = {
  AWS_LAMBDA_FUNCTION_NAME: 'agent',
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'ASIAROLE',
  AWS_SECRET_ACCESS_KEY: 'role',
  AWS_SESSION_TOKEN: 'role',
  SESSION_BUCKET: 'bucket',
  SESSION_TABLE: 'table',
  BEDROCK_SECRET_ARN: SECRET,
  SERVICE_TOKEN_SECRET_ARN: SECRET,
  CLAUDE_CODE_USE_BEDROCK: '1',
  BEDROCK_REGION: 'eu-central-1',
};

function errorOf(environment: Record<string, string>): ConfigError | undefined {
  try {
    parseAgentEnvironment(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  return undefined;
}

const problemsOf = (environment: Record<string, string>): readonly string[] =>
  (errorOf(environment)?.problems ?? []).map((problem) => problem.split(' ')[0] ?? '');

describe('the settings of the agent server as a program of its own', () => {
  it("takes the model's account and region from their own names, and not from the function's", () => {
    const { agent, stores, token } = parseAgentEnvironment(FUNCTION);
    expect(agent.access).toEqual({
      kind: 'bedrock',
      region: 'eu-central-1',
      credentials: { secret: SECRET },
    });
    expect(stores).toEqual({ kind: 'aws', bucket: 'bucket', table: 'table', hasOtherEndpoint: false });
    expect(token).toEqual({ secret: SECRET });
  });

  it('takes AWS_REGION for the model where no platform sets it, and says so; in a function never', () => {
    const { AWS_LAMBDA_FUNCTION_NAME: _, BEDROCK_REGION: __, ...elsewhere } = FUNCTION;
    const { agent } = parseAgentEnvironment(elsewhere);
    expect(agent.access).toMatchObject({ region: 'us-east-1' });
    expect(agent.notices).toHaveLength(1);
    expect(problemsOf({ ...FUNCTION, BEDROCK_REGION: '' })).toEqual(['BEDROCK_REGION']);
  });

  it('runs without AWS where a directory is kept', () => {
    const { stores, token } = parseAgentEnvironment({
      DATA_DIR: '/data',
      SDK_CLIENT_AUTH_TOKEN: 'sixteen-characters',
      ANTHROPIC_API_KEY: 'key',
    });
    expect(stores).toEqual({ kind: 'embedded', directory: '/data' });
    expect(token).toEqual({ value: 'sixteen-characters' });
  });

  it('binds to loopback unless it is told otherwise', () => {
    expect(parseAgentEnvironment(FUNCTION)).toMatchObject({ host: '127.0.0.1', port: 8080 });
    expect(parseAgentEnvironment({ ...FUNCTION, HOST: '0.0.0.0', PORT: '0' })).toMatchObject({
      host: '0.0.0.0',
      port: 0,
    });
  });

  it('reads the origins of pages', () => {
    const { corsOrigins } = parseAgentEnvironment({
      ...FUNCTION,
      CORS_ORIGINS: 'https://a.example, https://b.example',
    });
    expect(corsOrigins).toEqual(['https://a.example', 'https://b.example']);
    expect(problemsOf({ ...FUNCTION, CORS_ORIGINS: '*' })).toEqual(['CORS_ORIGINS']);
  });

  it('names what is missing, of the container and of the agent, at once', () => {
    expect(problemsOf({ CLAUDE_CODE_USE_BEDROCK: '1', AGENT_SHELL: 'maybe' })).toEqual([
      'SESSION_BUCKET',
      'SERVICE_TOKEN_SECRET_ARN',
      'AGENT_SHELL',
      'BEDROCK_REGION',
    ]);
  });

  it.each([
    ['   ', 'SERVICE_TOKEN_SECRET_ARN is required, unless SDK_CLIENT_AUTH_TOKEN is set'],
    ['fifteen letters', 'SDK_CLIENT_AUTH_TOKEN must have at least 16 characters'],
  ])('wants a token that is hard to guess, and %j is none', (token, problem) => {
    const { SERVICE_TOKEN_SECRET_ARN: _, ...others } = FUNCTION;
    expect(errorOf({ ...others, SDK_CLIENT_AUTH_TOKEN: token })?.problems).toEqual([problem]);
  });

  it('never repeats a value, as it may be a secret', () => {
    const { SERVICE_TOKEN_SECRET_ARN: _, ...others } = FUNCTION;
    const error = errorOf({ ...others, SDK_CLIENT_AUTH_TOKEN: 'short-secret', PORT: 'secret-port' });
    expect(error?.problems).toHaveLength(2);
    expect(`${error?.message} ${error?.problems.join()}`).not.toMatch(/short-secret|secret-port/);
  });

  it('does not choose between two stores or two tokens', () => {
    const both = { ...FUNCTION, DATA_DIR: '/data', SDK_CLIENT_AUTH_TOKEN: 'sixteen-characters' };
    expect(problemsOf(both)).toEqual(['DATA_DIR', 'SDK_CLIENT_AUTH_TOKEN']);
  });

  it('takes a variable that is set to nothing for one that is not set', () => {
    expect(problemsOf({ ...FUNCTION, DATA_DIR: '', SDK_CLIENT_AUTH_TOKEN: '' })).toEqual([]);
  });
});
