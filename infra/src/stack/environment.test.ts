import { parseAgentEnvironment } from '@omnicloud/agent-container';
import { parseWebhookEnvironment, parseWorkerEnvironment } from '@omnicloud/sdk-client';
import type { Template } from 'aws-cdk-lib/assertions';
import { expect, it } from 'vitest';
import { parseAuthorizerConfig } from '../authorizer/config.ts';
import { functionOf, synthesize } from './stack.fixture.ts';

const { template } = synthesize({
  botUsername: 'omni_bot',
  opusModel: 'us.anthropic.claude-opus-4-1-20250805-v1:0',
  corsOrigins: 'https://example.org',
  bedrockRegion: 'eu-central-1',
});

/** The synthesized environment as the function will see it, with what only CloudFormation knows filled in. */
function environmentOf(pattern: RegExp, of: Template = template): Record<string, string> {
  const { Variables } = functionOf(of, pattern).Properties.Environment as {
    Variables: Record<string, unknown>;
  };
  return Object.fromEntries(Object.entries(Variables).map(([name, value]) => [name, deployed(name, value)]));
}

function deployed(name: string, value: unknown): string {
  if (typeof value === 'string') return value;
  const id = /"(?:Ref|Fn::GetAtt)":\[?"(\w+)"/.exec(JSON.stringify(value))?.[1] ?? name;
  if (name.endsWith('_ARN')) return `arn:aws:secretsmanager:us-east-1:111122223333:secret:${id}`;
  if (name.endsWith('QUEUE_URL')) return `https://sqs.us-east-1.amazonaws.com/111122223333/${id}.fifo`;
  if (name !== 'AGENT_SERVER_URL') return id;
  const parts = (value as { 'Fn::Join': [string, unknown[]] })['Fn::Join'][1];
  return parts.map((part) => (typeof part === 'string' ? part : 'part')).join('');
}

it('gives the webhook what its own schema asks for', () => {
  const config = parseWebhookEnvironment(environmentOf(/^Webhook/));
  expect(config).toMatchObject({
    allowedUsers: new Set(['4711']),
    botUsername: 'omni_bot',
    service: 'OmniCloud',
  });
  expect(config.webhookSecret).toContain('WebhookSecret');
  expect(config.parallelTurns).toBeGreaterThan(1);
});

it('gives the worker what its own schema asks for', () => {
  const config = parseWorkerEnvironment(environmentOf(/^Worker/));
  expect(config).toMatchObject({ maxContinuations: 4, service: 'OmniCloud', ownerId: '4711' });
  expect(config.agentServerUrl).toMatch(/^https:\/\/part\.execute-api\.part\.part\/v1$/);
  expect(config.queueUrl).not.toBe(config.deadLetterQueueUrl);
  expect(config.asideQueueUrl).toMatch(/Asides/);
  expect(parseWebhookEnvironment(environmentOf(/^Webhook/)).asideQueueUrl).toBe(config.asideQueueUrl);
  expect(config.botTokenSecret).toContain('BotToken');
  expect(config.serviceTokenSecret).toContain('ServiceToken');
});

it('gives the agent what its own schema asks for, the region of Bedrock apart from its own', () => {
  const config = parseAgentEnvironment(environmentOf(/^AgentFunction/));
  expect(config).toMatchObject({
    stores: { kind: 'aws' },
    corsOrigins: ['https://example.org'],
    agent: {
      access: {
        kind: 'bedrock',
        region: 'eu-central-1',
        credentials: { secret: expect.stringContaining('BedrockKeys') as unknown },
      },
      models: { opus: 'us.anthropic.claude-opus-4-1-20250805-v1:0' },
      isShellOn: false,
      turnBudgetUsd: 2,
    },
  });
  expect(config.token).toEqual({ secret: expect.stringContaining('ServiceToken') as unknown });
});

it('gives the agent every setting that it can be told, and Anthropic’s key by its secret alone', () => {
  const told = synthesize({
    provider: 'anthropic',
    modelBaseUrl: 'https://gateway.example',
    model: 'opus',
    shell: 'on',
    network: 'on',
    turnBudgetUsd: 'none',
    turnTokenLimit: '5000',
    turnLimitSeconds: '600',
    workspaceLimitMb: '512',
    runDiskMb: '700',
    runMemoryMb: '1500',
    runProcesses: '300',
    runFileMb: '200',
    minFreeDiskMb: '100',
    workspaceLimitFiles: '900',
    telegramApiRoot: 'https://bots.example',
  });
  const { agent } = parseAgentEnvironment(environmentOf(/^AgentFunction/, told.template));
  expect(agent).toMatchObject({
    access: {
      kind: 'anthropic',
      credentials: { secret: expect.stringContaining('BedrockKeys') as unknown },
      baseUrl: 'https://gateway.example',
    },
    model: 'opus',
    isShellOn: true,
    isNetworkOn: true,
    turnTokenLimit: 5_000,
    turnLimitMs: 600_000,
    workspaceLimits: { bytes: 512 * 1_024 * 1_024, files: 900 },
    runLimits: { memoryBytes: 1_500 * 1_024 * 1_024, processes: 300, fileBytes: 200 * 1_024 * 1_024 },
    diskLimits: { runBytes: 700 * 1_024 * 1_024, minFreeBytes: 100 * 1_024 * 1_024 },
  });
  expect(agent).not.toHaveProperty('turnBudgetUsd');
  expect(functionOf(told.template, /^AgentFunction/).Properties.EphemeralStorage).toEqual({ Size: 4_096 });
  const worker = parseWorkerEnvironment(environmentOf(/^Worker/, told.template));
  expect(worker.apiRoot).toBe('https://bots.example');
});

it('gives the authorizer the same token as the worker', () => {
  const { tokenSecret } = parseAuthorizerConfig(environmentOf(/^Authorizer/));
  expect(tokenSecret).toBe(parseWorkerEnvironment(environmentOf(/^Worker/)).serviceTokenSecret);
});
