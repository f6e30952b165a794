import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation';
import {
  DescribeContinuousBackupsCommand,
  DynamoDBClient,
  ListTablesCommand,
  UpdateContinuousBackupsCommand,
} from '@aws-sdk/client-dynamodb';
import {
  DeleteObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { describe, expect, inject, it } from 'vitest';
import { dropBackups } from '@omnicloud/operate/internal/aws/drop-backups.ts';
import { openScene, type Scene } from './deployed.fixture.ts';

const methodsOf = ({ calls }: Scene): string[] =>
  calls.map(({ method }) => method).filter((method) => !method.startsWith('get'));

/** What costs money when it stays. */
async function dataOf({ client, stack }: Scene): Promise<string[]> {
  const { Buckets } = await new S3Client({ ...client, forcePathStyle: true }).send(new ListBucketsCommand());
  const { TableNames } = await new DynamoDBClient(client).send(new ListTablesCommand());
  const names = [...(Buckets ?? []).map(({ Name }) => Name ?? ''), ...(TableNames ?? [])];
  return names
    .filter((name) => name.toLowerCase().startsWith(stack.toLowerCase()))
    .map((name) => name.toLowerCase().replace(/-[a-z0-9]+$/, ''));
}

/** A session that was saved twice and once removed. */
async function saveObjects(scene: Scene): Promise<string> {
  const s3 = new S3Client({ ...scene.client, forcePathStyle: true });
  const { Buckets } = await s3.send(new ListBucketsCommand());
  const Bucket = Buckets?.find(({ Name }) => Name?.startsWith(scene.stack.toLowerCase()))?.Name ?? '';
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
  for (const Body of ['first', 'second']) {
    await s3.send(new PutObjectCommand({ Bucket, Key: 'sessions/a/conversation.jsonl', Body }));
    await s3.send(new PutObjectCommand({ Bucket, Key: `sessions/b/${Body}`, Body }));
  }
  await s3.send(new DeleteObjectCommand({ Bucket, Key: 'sessions/b/first' }));
  return Bucket;
}

async function isStanding({ client, stack }: Scene): Promise<boolean> {
  try {
    await new CloudFormationClient(client).send(new DescribeStacksCommand({ StackName: stack }));
    return true;
  } catch {
    return false;
  }
}

describe.skipIf(inject('moto') === '')('npm run destroy (moto, the Telegram stand-in)', () => {
  it('leaves nothing: no webhook, no menu, no object of any version, no bucket, no table, no stack', async () => {
    const scene = await openScene();
    const { operator, stack } = scene;
    await scene.deployed();
    await saveObjects(scene);
    const lower = stack.toLowerCase();
    expect((await dataOf(scene)).sort()).toEqual([`${lower}-bucket`, `${lower}-table`]);

    const ran = await operator.run('destroy', '--stack', stack, '--yes');
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toContain('5 objects removed');
    expect(methodsOf(scene)).toEqual(['deleteWebhook', 'deleteMyCommands', 'deleteMyCommands']);
    expect(await dataOf(scene)).toEqual([]);
    expect(await isStanding(scene)).toBe(false);

    const again = await operator.run('destroy', '--stack', stack, '--yes');
    expect(again).toMatchObject({ code: 0, stdout: expect.stringMatching(/^There is no stack/) as string });
  });

  it.each([
    ['small', 0],
    ['so large that CloudFormation takes it from S3 alone', 60_000],
  ])(
    '--keep-data: bucket with its objects and table outlive the stack; its template is %s',
    async (_, size) => {
      const scene = await openScene();
      const { operator, stack } = scene;
      operator.environment.CDK_TEMPLATE_PADDING = String(size);
      await scene.deployed();
      const bucket = await saveObjects(scene);
      const ran = await operator.run('destroy', '--stack', stack, '--yes', '--keep-data');
      expect(ran).toMatchObject({ code: 0, stderr: '' });
      expect(ran.stdout).toContain(`Kept: the bucket ${bucket} and the table ${stack}-Table-`);
      const lower = stack.toLowerCase();
      expect((await dataOf(scene)).sort()).toEqual([`${lower}-bucket`, `${lower}-table`]);
      const s3 = new S3Client({ ...scene.client, forcePathStyle: true });
      const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
      expect(Contents?.map(({ Key }) => Key)).toEqual(['sessions/a/conversation.jsonl', 'sessions/b/second']);
      expect(await isStanding(scene)).toBe(false);
    },
  );

  it('keeps the data of a deployment that is to keep it, whatever the command says', async () => {
    const scene = await openScene();
    const { operator, stack } = scene;
    await scene.deployed('--keep-data', 'true');
    const bucket = await saveObjects(scene);
    const ran = await operator.run('destroy', '--stack', stack, '--yes');
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toContain('Its conversations stay.');
    expect(ran.stdout).toContain(`Kept: the bucket ${bucket} and the table ${stack}-Table-`);
    const s3 = new S3Client({ ...scene.client, forcePathStyle: true });
    const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
    expect(Contents).toHaveLength(2);
  });

  it('lets DynamoDB keep no backup of the table, and minds none that is gone', async () => {
    const scene = await openScene();
    await scene.deployed();
    const tables = new DynamoDBClient(scene.client);
    const { TableNames = [] } = await tables.send(new ListTablesCommand());
    const TableName = TableNames.find((name) => name.startsWith(scene.stack)) ?? '';
    const enabled = { PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } };
    await tables.send(new UpdateContinuousBackupsCommand({ TableName, ...enabled }));
    expect(await dropBackups({ tables }, TableName)).toBe(true);
    const { ContinuousBackupsDescription } = await tables.send(
      new DescribeContinuousBackupsCommand({ TableName }),
    );
    expect(ContinuousBackupsDescription?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus).toBe(
      'DISABLED',
    );
    expect(await dropBackups({ tables }, 'gone')).toBe(false);
    const { stdout } = await scene.operator.run('destroy', '--stack', scene.stack, '--yes');
    expect(stdout).toContain('the table will leave no backup');
  });

  it('does nothing when nobody confirms it', async () => {
    const scene = await openScene();
    await scene.deployed();
    scene.calls.length = 0;
    const { code, stderr } = await scene.operator.run('destroy', '--stack', scene.stack);
    expect([code, stderr]).toEqual([1, expect.stringContaining('Add --yes')]);
    expect(scene.calls).toEqual([]);
    expect(await isStanding(scene)).toBe(true);
  });

  it('leaves a webhook alone that is another one’s', async () => {
    const scene = await openScene();
    const { operator, stack } = scene;
    await scene.deployed();
    const apiRoot = operator.environment.TELEGRAM_API_ROOT ?? '';
    const token = operator.environment.TELEGRAM_BOT_TOKEN ?? '';
    await fetch(`${apiRoot}/bot${token}/setWebhook?url=https://elsewhere.example.org/`);
    scene.calls.length = 0;
    const { code, stdout } = await operator.run('destroy', '--stack', stack, '--yes');
    expect([code, stdout]).toEqual([0, expect.stringContaining('https://elsewhere.example.org/, and stays')]);
    expect(methodsOf(scene)).toEqual([]);
  });

  it('does nothing to a stack that is none of ours, and neither does a deployment', async () => {
    const scene = await openScene();
    const { client, operator, stack } = scene;
    const TemplateBody = JSON.stringify({ Resources: { Queue: { Type: 'AWS::SQS::Queue' } } });
    const cloud = new CloudFormationClient(client);
    await cloud.send(new CreateStackCommand({ StackName: stack, TemplateBody }));
    for (const ran of [await operator.run('destroy', '--stack', stack, '--yes'), await scene.deploy()]) {
      expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining('none of ours')]);
    }
    expect(await isStanding(scene)).toBe(true);
    expect(await operator.cdkCalls()).toEqual([]);
  });
});
