import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  paginateListStackResources,
  UpdateStackCommand,
} from '@aws-sdk/client-cloudformation';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { create } from './stack.fixture.ts';

const endpoint = inject('ministack');
const CONNECTION = {
  endpoint,
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
};
/** Where `cdk bootstrap` has the CDK put a ZIP; in the account that the emulator pretends to be. */
const ASSETS = 'cdk-hnb659fds-assets-000000000000-us-east-1';
/** As much of what `cdk bootstrap` makes as a template asks for. */
const BOOTSTRAP = {
  Resources: {
    Assets: { Type: 'AWS::S3::Bucket', Properties: { BucketName: ASSETS } },
    Version: {
      Type: 'AWS::SSM::Parameter',
      Properties: { Name: '/cdk-bootstrap/hnb659fds/version', Type: 'String', Value: '30' },
    },
  },
};
/** A ZIP of no files. */
const EMPTY_ZIP = Buffer.concat([Buffer.from('PK\u0005\u0006'), Buffer.alloc(18)]);

const client = new CloudFormationClient(CONNECTION);
const bucket = new S3Client({ ...CONNECTION, forcePathStyle: true });

interface TemplateBody {
  readonly Resources: Record<
    string,
    {
      readonly Type: string;
      Properties?: { readonly Code?: { readonly S3Key?: string }; readonly Metrics?: unknown };
    }
  >;
  readonly Outputs: Record<string, unknown>;
}

/** The emulator knows alarms on one metric alone; whether the real ones are right is tested where they are made. */
function withoutMetricMath(resource: TemplateBody['Resources'][string]): void {
  if (resource.Type !== 'AWS::CloudWatch::Alarm' || resource.Properties?.Metrics === undefined) return;
  const { Metrics: _, ...others } = resource.Properties;
  resource.Properties = {
    ...others,
    ...{ Namespace: 'AWS/SQS', MetricName: 'NumberOfMessagesSent', Statistic: 'Sum', Period: 60 },
  };
}

/** Synthesizes a deployment and puts its template and its functions where `cdk deploy` would. */
async function upload(
  switches: Record<string, string>,
): Promise<{ body: TemplateBody; given: { StackName: string; TemplateURL: string } }> {
  const { app, stack } = create(switches);
  const body = JSON.parse(
    readFileSync(join(app.synth().directory, stack.templateFile), 'utf8'),
  ) as TemplateBody;
  for (const resource of Object.values(body.Resources)) withoutMetricMath(resource);
  const keys = Object.values(body.Resources).flatMap(({ Properties }) => Properties?.Code?.S3Key ?? []);
  for (const Key of keys) await bucket.send(new PutObjectCommand({ Bucket: ASSETS, Key, Body: EMPTY_ZIP }));
  await bucket.send(
    new PutObjectCommand({ Bucket: ASSETS, Key: stack.templateFile, Body: JSON.stringify(body) }),
  );
  const TemplateURL = `${endpoint}/${ASSETS}/${stack.templateFile}`;
  return { body, given: { StackName: stack.stackName, TemplateURL } };
}

/** Waits until the stack is at rest. @returns its status, and why resources of it failed. */
async function settled(
  StackName: string,
): Promise<{ status: string; failures: string[]; outputs: string[] }> {
  for (;;) {
    const { Stacks: [stack] = [] } = await client.send(new DescribeStacksCommand({ StackName }));
    if (stack?.StackStatus?.endsWith('_IN_PROGRESS')) continue;
    const { StackEvents: events = [] } = await client.send(new DescribeStackEventsCommand({ StackName }));
    const failures = events
      .filter(({ ResourceStatus }) => ResourceStatus?.endsWith('FAILED'))
      .map(({ LogicalResourceId, ResourceStatusReason }) => `${LogicalResourceId}: ${ResourceStatusReason}`);
    const outputs = (stack?.Outputs ?? []).map(({ OutputKey = '' }) => OutputKey);
    return { status: stack?.StackStatus ?? 'none', failures, outputs };
  }
}

async function resourcesIn(StackName: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const { StackResourceSummaries: page = [] } of paginateListStackResources(
    { client },
    { StackName },
  ))
    ids.push(...page.map(({ LogicalResourceId = '' }) => LogicalResourceId));
  return ids.sort();
}

/** The emulator imports its services when they are first asked for; on a busy machine that alone takes most of a minute. In ms. */
const LIMIT_MS = 180_000;

describe.skipIf(endpoint === '')(
  'the template in an emulated account (MiniStack)',
  { timeout: LIMIT_MS },
  () => {
    beforeAll(async () => {
      const StackName = 'CDKToolkit';
      await client.send(new CreateStackCommand({ StackName, TemplateBody: JSON.stringify(BOOTSTRAP) }));
      expect(await settled(StackName)).toMatchObject({ status: 'CREATE_COMPLETE' });
    });

    it.each<Record<string, string>>([
      { deployment: 'Tenant' },
      { deployment: 'Shared', isolation: 'shared', shell: 'off', provisionedConcurrency: '1' },
      {
        deployment: 'All',
        versioning: 'true',
        alarmEmail: 'o@example.org',
        corsOrigins: 'https://example.org',
      },
    ])(
      'becomes a stack that has all of its resources and outputs, beside the others: %j',
      async (switches) => {
        const { body, given } = await upload(switches);
        await client.send(new CreateStackCommand({ ...given, Capabilities: ['CAPABILITY_IAM'] }));
        const { status, failures, outputs } = await settled(given.StackName);
        expect(failures).toEqual([]);
        expect(status).toBe('CREATE_COMPLETE');
        expect(await resourcesIn(given.StackName)).toEqual(Object.keys(body.Resources).sort());
        expect(outputs.sort()).toEqual(Object.keys(body.Outputs).sort());
      },
    );

    it('becomes another one when a switch is turned, and goes away as a whole', async () => {
      const StackName = 'Turned';
      const before = await upload({ deployment: StackName });
      await client.send(new CreateStackCommand({ ...before.given, Capabilities: ['CAPABILITY_IAM'] }));
      await settled(StackName);
      const after = await upload({
        deployment: StackName,
        isolation: 'shared',
        shell: 'off',
        memory: '3008',
      });
      await client.send(new UpdateStackCommand({ ...after.given, Capabilities: ['CAPABILITY_IAM'] }));
      expect(await settled(StackName)).toMatchObject({ status: 'UPDATE_COMPLETE', failures: [] });
      expect(await resourcesIn(StackName)).toEqual(Object.keys(after.body.Resources).sort());

      const { Stacks: [{ StackId = '' } = {}] = [] } = await client.send(
        new DescribeStacksCommand({ StackName }),
      );
      await client.send(new DeleteStackCommand({ StackName }));
      expect(await settled(StackId)).toMatchObject({ status: 'DELETE_COMPLETE', failures: [] });
    });
  },
);
