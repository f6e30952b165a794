import { expect, it } from 'vitest';
import { resourcesOf, synthesize } from './stack.fixture.ts';

const { template } = synthesize();

interface Statement {
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: Record<string, Record<string, unknown>>;
}

/** `actions on resources, keys` of one role, in order. */
function permissionsOf(role: RegExp): string[] {
  const policies = Object.entries(resourcesOf(template, 'AWS::IAM::Policy')).filter(([id]) => role.test(id));
  const statements = policies.flatMap(
    ([, { Properties }]) => (Properties.PolicyDocument as { Statement: Statement[] }).Statement,
  );
  return statements
    .map(({ Action, Resource, Condition }) => {
      const keys = Condition?.['ForAllValues:StringLike']?.['dynamodb:LeadingKeys'] as string[] | undefined;
      const where = [Resource].flat().map(nameOf).join(' ');
      return `${[Action].flat().sort().join(' ')} on ${where}${keys ? ` keys ${keys.join(' ')}` : ''}`;
    })
    .sort();
}

/** The logical id without its hash, or the text. */
function nameOf(resource: unknown): string {
  if (typeof resource === 'string') return resource;
  const text = JSON.stringify(resource);
  const [, id = text] = /"(?:Fn::GetAtt":\["|Ref":")(\w+?)[0-9A-F]{8}"/.exec(text) ?? [];
  const [, suffix = ''] = /(\/(?:(?:sessions|inbox|turns)\/\*|keys\/[\w-]+))/.exec(text) ?? [];
  return id + suffix;
}

const TRACES = 'xray:PutTelemetryRecords xray:PutTraceSegments on *';
const logs = (of: string): string => `logs:CreateLogStream logs:PutLogEvents on ${of}PermissionsLogs`;
const CONVERSATIONS = '-* 1* 2* 3* 4* 5* 6* 7* 8* 9*';

it('lets the webhook queue turns, and note what waits and what is to stop', () => {
  expect(permissionsOf(/^WebhookService/)).toEqual(
    [
      'dynamodb:GetItem dynamodb:UpdateItem on StorageTable keys backlog#*',
      'dynamodb:UpdateItem on StorageTable keys stop#*',
      logs('WebhookService'),
      'secretsmanager:GetSecretValue on SecretsWebhookSecret',
      'sqs:GetQueueAttributes on QueuesTurns',
      'sqs:SendMessage on QueuesAsides QueuesTurns',
      TRACES,
    ].sort(),
  );
});

it('lets the worker take turns and remember what became of them, and touch no lease and no object of a session', () => {
  expect(permissionsOf(/^WorkerService/)).toEqual(
    [
      `dynamodb:DeleteItem dynamodb:GetItem dynamodb:PutItem on StorageTable keys ${CONVERSATIONS}`,
      'dynamodb:GetItem dynamodb:PutItem on StorageTable keys turn#*',
      'dynamodb:GetItem dynamodb:UpdateItem on StorageTable keys backlog#*',
      'dynamodb:GetItem on StorageTable keys stop#*',
      logs('WorkerService'),
      's3:DeleteObject s3:GetObject s3:PutObject on StorageBucket/turns/*',
      's3:PutObject on StorageBucket/inbox/*',
      'secretsmanager:GetSecretValue on SecretsBotToken SecretsServiceToken',
      'sqs:ChangeMessageVisibility sqs:DeleteMessage sqs:GetQueueAttributes sqs:GetQueueUrl sqs:ReceiveMessage on QueuesAsides QueuesTurns',
      'sqs:SendMessage on QueuesDeadLetters QueuesTurns',
      TRACES,
    ].sort(),
  );
});

it('lets the agent use sessions, their leases and their mappings, and no model', () => {
  expect(permissionsOf(/^AgentPermissions/)).toEqual(
    [
      `dynamodb:GetItem dynamodb:UpdateItem on StorageTable keys ${CONVERSATIONS}`,
      'dynamodb:GetItem on StorageTable keys stop#*',
      'dynamodb:UpdateItem on StorageTable keys lease#*',
      logs('Agent'),
      's3:DeleteObject s3:GetObject s3:PutObject on StorageBucket/sessions/*',
      's3:GetObject on StorageBucket/inbox/*',
      's3:GetObject s3:PutObject on StorageBucket/keys/session-ids',
      's3:ListBucket on StorageBucket',
      'secretsmanager:GetSecretValue on SecretsBedrockKeys SecretsServiceToken',
      TRACES,
    ].sort(),
  );
});

it('lets the authorizer read the token', () => {
  expect(permissionsOf(/^AuthorizerService/)).toEqual(
    [logs('AuthorizerService'), 'secretsmanager:GetSecretValue on SecretsServiceToken', TRACES].sort(),
  );
});

it('has no role beyond these four, and no managed policy', () => {
  const roles = Object.values(resourcesOf(template, 'AWS::IAM::Role'));
  expect(roles).toHaveLength(4);
  for (const { Properties } of roles) expect(Properties.ManagedPolicyArns).toBeUndefined();
  expect(Object.keys(resourcesOf(template, 'AWS::IAM::Policy'))).toHaveLength(4);
});

it('lets nobody but its own gateways invoke a function', () => {
  const permissions = Object.values(resourcesOf(template, 'AWS::Lambda::Permission'));
  for (const { Properties } of permissions) {
    expect(Properties.Principal).toBe('apigateway.amazonaws.com');
    expect(JSON.stringify(Properties.SourceArn)).toMatch(/execute-api/);
  }
});

it('asks of a conditional statement that the request names a key at all', () => {
  for (const { Properties } of Object.values(resourcesOf(template, 'AWS::IAM::Policy'))) {
    const { Statement } = Properties.PolicyDocument as { Statement: Statement[] };
    for (const { Condition } of Statement.filter(({ Action }) => String(Action).includes('dynamodb:'))) {
      expect(Condition?.Null).toEqual({ 'dynamodb:LeadingKeys': 'false' });
    }
  }
});
