// what `cdk` does in an account, as far as the commands can see it: a stack comes to be, or to be another
import { randomBytes } from 'node:crypto';
import { appendFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import {
  AlreadyExistsException,
  CloudFormationClient,
  CreateStackCommand,
  DescribeStacksCommand,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation';
import { CloudWatchClient, PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch';
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  ResourceExistsException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { STACK_DESCRIPTION } from '@omnicloud/operate/internal/aws/deployment.ts';

/** The program that a test puts on the PATH as `cdk`. */
export const CDK_STAND_IN = fileURLToPath(import.meta.url);

/** What one call was given. */
export interface CdkCall {
  readonly args: string[];
  readonly environment: Record<string, string>;
}

const FIFO = { FifoQueue: true };

/** As `infra` makes it, with what the commands look at. */
function template(stack: string, switches: Record<string, string>, told: Record<string, string>): string {
  const resources: Record<string, [string, object]> = {
    Bucket: ['AWS::S3::Bucket', {}],
    Table: [
      'AWS::DynamoDB::Table',
      {
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'session_key', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'session_key', KeyType: 'HASH' }],
      },
    ],
    Turns: ['AWS::SQS::Queue', { ...FIFO, QueueName: `${stack}-turns.fifo` }],
    DeadLetters: ['AWS::SQS::Queue', { ...FIFO, QueueName: `${stack}-dead.fifo` }],
    WebhookLogs: ['AWS::Logs::LogGroup', { LogGroupName: `${stack}/webhook` }],
    WorkerLogs: ['AWS::Logs::LogGroup', { LogGroupName: `${stack}/worker` }],
    AgentLogs: ['AWS::Logs::LogGroup', { LogGroupName: `${stack}/agent` }],
    Role: [
      'AWS::IAM::Role',
      {
        AssumeRolePolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
          ],
        },
      },
    ],
    Worker: [
      'AWS::Lambda::Function',
      {
        FunctionName: `${stack}-worker`,
        Code: { ZipFile: '//' },
        Handler: 'index.handler',
        Runtime: 'nodejs22.x',
        Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
      },
    ],
  };
  const outputs: Record<string, unknown> = {
    WebhookUrl: `https://${stack.toLowerCase()}.example.org/webhook`,
    BucketName: { Ref: 'Bucket' },
    TableName: { Ref: 'Table' },
    QueueUrl: queueUrl(`${stack}-turns.fifo`),
    DeadLetterQueueUrl: queueUrl(`${stack}-dead.fifo`),
    WebhookLogs: { Ref: 'WebhookLogs' },
    WorkerLogs: { Ref: 'WorkerLogs' },
    AgentLogs: { Ref: 'AgentLogs' },
    Switches: JSON.stringify(switches),
    ...told,
  };
  return JSON.stringify({
    Description: `${STACK_DESCRIPTION}a stand-in`,
    Metadata: { Size: 'x'.repeat(Number(process.env.CDK_TEMPLATE_PADDING ?? 0)) },
    Resources: Object.fromEntries(
      Object.entries(resources).map(([id, [Type, Properties]]) => [id, { Type, Properties }]),
    ),
    Outputs: Object.fromEntries(Object.entries(outputs).map(([id, Value]) => [id, { Value }])),
  });
}

/** moto's CloudFormation names the real one. */
function queueUrl(name: string): string {
  return `${process.env.AWS_ENDPOINT_URL ?? ''}/123456789012/${name}`;
}

/** What moto's CloudFormation does not know: two that are generated, two that are empty. @returns their ARNs by the outputs' names. */
async function putSecrets(stack: string): Promise<Record<string, string>> {
  const client = new SecretsManagerClient();
  const arnOf = async (Name: string, SecretString?: string): Promise<string> => {
    try {
      return (await client.send(new CreateSecretCommand({ Name, SecretString }))).ARN ?? '';
    } catch (error) {
      if (!(error instanceof ResourceExistsException)) throw error;
      return (await client.send(new DescribeSecretCommand({ SecretId: Name }))).ARN ?? '';
    }
  };
  return {
    BotTokenSecretArn: await arnOf(`${stack}-bot-token`),
    BedrockKeysSecretArn: await arnOf(`${stack}-bedrock-keys`),
    WebhookSecretArn: await arnOf(`${stack}-webhook`, randomBytes(32).toString('hex')),
    ServiceTokenSecretArn: await arnOf(`${stack}-service`, randomBytes(32).toString('hex')),
  };
}

const TOOLKIT = JSON.stringify({
  Resources: { Bucket: { Type: 'AWS::S3::Bucket' } },
  Outputs: { BootstrapVersion: { Value: '30' } },
});

/** Nor does moto's CloudFormation know alarms. */
async function putAlarm(stack: string): Promise<void> {
  await new CloudWatchClient().send(
    new PutMetricAlarmCommand({
      AlarmName: `${stack}-DeadLetters`,
      AlarmDescription: 'Turns were given up. What to do: docs/runbook.md#turns-were-given-up',
      Namespace: 'AWS/SQS',
      MetricName: 'ApproximateNumberOfMessagesVisible',
      Statistic: 'Maximum',
      Period: 300,
      EvaluationPeriods: 1,
      Threshold: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    }),
  );
}

async function putStack(name: string, body: string): Promise<void> {
  const client = new CloudFormationClient();
  const given = { StackName: name, TemplateBody: body, Capabilities: ['CAPABILITY_IAM' as const] };
  const { Stacks } = await client
    .send(new DescribeStacksCommand({ StackName: name }))
    .catch(() => ({ Stacks: undefined }));
  await client.send(Stacks?.length ? new UpdateStackCommand(given) : new CreateStackCommand(given));
}

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  const call = { args, environment: process.env } as CdkCall;
  await appendFile(process.env.CDK_CALLS ?? '', `${JSON.stringify(call)}\n`);
  if (args[0] === 'bootstrap') {
    // Another test may be as fast.
    await putStack('CDKToolkit', TOOLKIT).catch((error: unknown) => {
      if (!(error instanceof AlreadyExistsException)) throw error;
    });
    return;
  }
  if (process.env.CDK_FAILS) {
    console.error('the image could not be built');
    process.exitCode = 1;
    return;
  }
  const { values } = parseArgs({
    args,
    options: { context: { type: 'string', multiple: true } },
    allowPositionals: true,
    strict: false,
  });
  const pairs = (values.context ?? []).map((pair) => /^(\w+)=(.*)$/s.exec(String(pair))?.slice(1) ?? []);
  const { deployment = '', ...switches } = Object.fromEntries(pairs) as Record<string, string>;
  await putAlarm(deployment);
  await putStack(deployment, template(deployment, switches, await putSecrets(deployment)));
}

if (process.argv[1] === CDK_STAND_IN) await main();
