// the stack's template → bucket and table are retained → the stack is updated with it
import {
  CloudFormationServiceException,
  GetTemplateCommand,
  UpdateStackCommand,
  waitUntilStackUpdateComplete,
} from '@aws-sdk/client-cloudformation';
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { z } from 'zod';
import type { AwsAccount } from './aws-account.ts';
import { hasOtherEndpoint } from '../config.ts';
import { describeStack, type StandingDeployment } from './deployment.ts';
import { OperateError } from '../operate-error.ts';

const DATA_TYPES: ReadonlySet<string> = new Set(['AWS::S3::Bucket', 'AWS::DynamoDB::Table']);
/** A larger template must lie in S3: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html */
const MAX_BODY_BYTES = 51_200;
const TEMPLATE_KEY = 'omnicloud-template.json';
const WAIT_S = 30 * 60;

const templateSchema = z.looseObject({
  Resources: z.record(z.string(), z.looseObject({ Type: z.string(), DeletionPolicy: z.string().optional() })),
});
type Template = z.output<typeof templateSchema>;

/** @returns the template with which bucket and table outlive the stack; undefined when they do already. */
export function retaining(template: Template): Template | undefined {
  const wanted = Object.entries(template.Resources).filter(
    ([, { Type, DeletionPolicy }]) => DATA_TYPES.has(Type) && DeletionPolicy !== 'Retain',
  );
  if (wanted.length === 0) return undefined;
  const kept = wanted.map(([id, resource]) => [
    id,
    { ...resource, DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' },
  ]);
  return {
    ...template,
    Resources: { ...template.Resources, ...(Object.fromEntries(kept) as Template['Resources']) },
  };
}

/**
 * Lets the data outlive the stack, whatever the stack was deployed with. What is deployed stays what it is: nothing is built.
 * @returns whether anything had to be changed.
 * @throws OperateError `aws_refused`
 */
export async function retainData(account: AwsAccount, deployment: StandingDeployment): Promise<boolean> {
  const { stack, outputs } = deployment;
  const { TemplateBody = '{}' } = await account.stacks.send(
    new GetTemplateCommand({ StackName: stack, TemplateStage: 'Original' }),
  );
  const template = retaining(templateSchema.parse(JSON.parse(TemplateBody)));
  if (!template) return false;
  const body = JSON.stringify(template);
  const isLarge = Buffer.byteLength(body) > MAX_BODY_BYTES;
  if (isLarge) await putTemplate(account, outputs.BucketName, body);
  try {
    await update(
      account,
      stack,
      isLarge ? { TemplateURL: urlOf(account, outputs.BucketName) } : { TemplateBody: body },
    );
  } finally {
    if (isLarge) {
      await account.objects.send(new DeleteObjectCommand({ Bucket: outputs.BucketName, Key: TEMPLATE_KEY }));
    }
  }
  return true;
}

async function putTemplate({ objects }: AwsAccount, bucket: string, body: string): Promise<void> {
  await objects.send(new PutObjectCommand({ Bucket: bucket, Key: TEMPLATE_KEY, Body: body }));
}

function urlOf({ region }: AwsAccount, bucket: string): string {
  const suffix = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  return `https://${bucket}.s3.${region}.${suffix}/${TEMPLATE_KEY}`;
}

async function update(
  account: AwsAccount,
  stack: string,
  template: { TemplateBody: string } | { TemplateURL: string },
): Promise<void> {
  const { stacks } = account;
  const before = await describeStack(account, stack);
  const Parameters = (before?.Parameters ?? []).map(({ ParameterKey }) => ({
    ParameterKey,
    UsePreviousValue: true,
  }));
  try {
    await stacks.send(
      new UpdateStackCommand({
        StackName: stack,
        ...template,
        Parameters,
        Capabilities: ['CAPABILITY_IAM', 'CAPABILITY_NAMED_IAM', 'CAPABILITY_AUTO_EXPAND'],
      }),
    );
  } catch (error) {
    if (!(error instanceof CloudFormationServiceException)) throw error;
    throw new OperateError('aws_refused', `The stack could not be told to keep its data: ${error.message}`, {
      cause: error,
    });
  }
  const pace = hasOtherEndpoint() ? { minDelay: 1, maxDelay: 1 } : { minDelay: 5, maxDelay: 15 };
  await waitUntilStackUpdateComplete({ client: stacks, maxWaitTime: WAIT_S, ...pace }, { StackName: stack });
}
