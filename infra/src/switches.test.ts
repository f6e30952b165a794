import { Match } from 'aws-cdk-lib/assertions';
import { expect, it } from 'vitest';
import { functionOf, resourcesOf, synthesize } from './stack/stack.fixture.ts';
import { parseSwitches, SwitchError } from './switches.ts';

it('names every wrong switch at once', () => {
  const parse = (): unknown =>
    parseSwitches({ isolation: 'none', provisionedConcurrency: '2', versioning: 'maybe', memory: '1' });
  expect(parse).toThrow(SwitchError);
  for (const name of ['allowedUsers', 'isolation', 'provisionedConcurrency', 'versioning', 'memory']) {
    expect(parse).toThrow(new RegExp(`^ {2}- ${name} `, 'm'));
  }
});

it('opens neither the shell nor the network unless it is told to, and no shell without the network that it cannot be kept from', () => {
  expect(parseSwitches({ allowedUsers: '1' })).toMatchObject({
    shell: 'off',
    network: 'off',
    turnBudgetUsd: 2,
  });
  expect(() => parseSwitches({ allowedUsers: '1', shell: 'on' })).toThrow(/^ {2}- network /m);
});

it('keeps environments warm when they are shared, and names no tenant', () => {
  const { template } = synthesize({
    isolation: 'shared',
    shell: 'off',
    provisionedConcurrency: '2',
    memory: '3008',
  });
  template.hasResourceProperties('AWS::Lambda::Alias', {
    ProvisionedConcurrencyConfig: { ProvisionedConcurrentExecutions: 2 },
  });
  expect(functionOf(template, /^AgentSharedFunction/).Properties).toMatchObject({ MemorySize: 3008 });
  expect(functionOf(template, /^AgentSharedFunction/).Properties.TenancyConfig).toBeUndefined();
  for (const { Properties } of Object.values(resourcesOf(template, 'AWS::ApiGateway::Method'))) {
    expect(JSON.stringify(Properties)).not.toContain('Tenant');
    expect(JSON.stringify(Properties.Integration)).toContain('AgentWarm');
  }
});

it('keeps what was overwritten, and all data when the stack goes, if it is told so', () => {
  const { template } = synthesize({ versioning: 'true', keepData: 'true' });
  template.hasResourceProperties('AWS::S3::Bucket', {
    VersioningConfiguration: { Status: 'Enabled' },
    LifecycleConfiguration: {
      Rules: Match.arrayWith([Match.objectLike({ NoncurrentVersionExpiration: { NoncurrentDays: 7 } })]),
    },
  });
  for (const type of ['AWS::S3::Bucket', 'AWS::DynamoDB::Table'])
    template.hasResource(type, { DeletionPolicy: 'Retain' });
});

it('answers the preflight of pages that were named, on every route', () => {
  const { template } = synthesize({ corsOrigins: 'https://example.org' });
  const preflights = Object.values(resourcesOf(template, 'AWS::ApiGateway::Method')).filter(
    ({ Properties }) => Properties.HttpMethod === 'OPTIONS',
  );
  expect(preflights.length).toBeGreaterThanOrEqual(6);
  for (const { Properties } of preflights) {
    expect(Properties.AuthorizationType).toBe('NONE');
    expect(JSON.stringify(Properties)).toContain('https://example.org');
  }
});

it('writes what it was given into the outputs, so that nobody has to say it again', () => {
  const { template } = synthesize({ deployment: 'Staging', memory: '3008' });
  const { Value } = template.findOutputs('Switches').Switches as { Value: string };
  expect(JSON.parse(Value)).toMatchObject({ deployment: 'Staging', memory: 3008 });
});
