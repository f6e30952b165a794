// stack → its outputs: where everything of a deployment is
import {
  CloudFormationServiceException,
  DescribeStacksCommand,
  paginateListStackResources,
  type Stack,
} from '@aws-sdk/client-cloudformation';
import { z } from 'zod';
import type { AwsAccount } from './aws-account.ts';
import { OperateError } from '../operate-error.ts';

/** As `infra` names it when it is told nothing else. */
export const DEFAULT_STACK = 'OmniCloud';
/** How `infra` describes its stacks, whatever they are called. */
export const STACK_DESCRIPTION = 'OmniCloud Agent: ';
export const STACK_NAME = /^[A-Za-z][A-Za-z0-9-]{0,99}$/;

const outputsSchema = z.object({
  WebhookUrl: z.string(),
  BucketName: z.string(),
  TableName: z.string(),
  QueueUrl: z.string(),
  DeadLetterQueueUrl: z.string(),
  BotTokenSecretArn: z.string(),
  BedrockKeysSecretArn: z.string(),
  WebhookSecretArn: z.string(),
  ServiceTokenSecretArn: z.string(),
  WebhookLogs: z.string(),
  WorkerLogs: z.string(),
  AgentLogs: z.string(),
  AlarmTopicArn: z.string().optional(),
  /** What the deployment was given, as JSON. */
  Switches: z.string().default('{}'),
});

export type Outputs = z.output<typeof outputsSchema>;

export interface Deployment {
  readonly stack: string;
  /** CloudFormation's word for it, e.g. `UPDATE_COMPLETE`. */
  readonly status: string;
  /** Undefined as long as it never came to stand. */
  readonly outputs: Outputs | undefined;
}

/** A deployment that stands, whole. */
export interface StandingDeployment extends Deployment {
  readonly outputs: Outputs;
}

/**
 * @returns undefined when there is no such stack.
 * @throws OperateError `bad_arguments` when it is somebody else's: nothing may be done to it
 */
export async function findDeployment(
  { stacks }: Pick<AwsAccount, 'stacks'>,
  stack: string,
): Promise<Deployment | undefined> {
  const found = await describeStack({ stacks }, stack);
  if (!found) return undefined;
  const values = found.Outputs?.map(({ OutputKey, OutputValue }) => [OutputKey ?? '', OutputValue]) ?? [];
  const parsed = outputsSchema.safeParse(Object.fromEntries(values));
  const status = found.StackStatus ?? '';
  const isOurs = parsed.success || found.Description?.startsWith(STACK_DESCRIPTION) === true;
  if (!isOurs && status !== NOTHING_IN_IT) {
    throw new OperateError('bad_arguments', `There is a stack ${stack} (${status}), and it is none of ours`, {
      cure: 'Name another one with --stack.',
    });
  }
  return { stack, status, outputs: parsed.data };
}

/** What a stack is that was begun and has no template yet. */
const NOTHING_IN_IT = 'REVIEW_IN_PROGRESS';

/** @param stack a name, or the id by which a deleted stack is still known. */
export async function describeStack(
  { stacks }: Pick<AwsAccount, 'stacks'>,
  stack: string,
): Promise<Stack | undefined> {
  try {
    const { Stacks } = await stacks.send(new DescribeStacksCommand({ StackName: stack }));
    return Stacks?.[0];
  } catch (error) {
    // Of a name that is well formed, it is what CloudFormation says when there is no such stack.
    if (error instanceof CloudFormationServiceException && error.name === 'ValidationError') return undefined;
    throw error;
  }
}

/** @throws OperateError `not_deployed` */
export async function standingDeployment(account: AwsAccount, stack: string): Promise<StandingDeployment> {
  const deployment = await findDeployment(account, stack);
  if (deployment?.outputs) return { ...deployment, outputs: deployment.outputs };
  const where = `account ${account.id}, region ${account.region}`;
  throw new OperateError(
    'not_deployed',
    deployment
      ? `The stack ${stack} never came to stand: it is ${deployment.status} (${where})`
      : `There is no stack ${stack} in ${where}`,
    {
      cure: 'Deploy it with `npm run deploy`, or name the right one with --stack, --profile and AWS_REGION.',
    },
  );
}

/** @returns what the deployment was given, so that nobody has to say it again. */
export function switchesOf({ outputs }: Deployment): Record<string, string> {
  const given = z.record(z.string(), z.unknown()).parse(JSON.parse(outputs?.Switches ?? '{}'));
  const texts = Object.entries(given).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(',') : String(value),
  ]);
  return Object.fromEntries(texts.filter(([, value]) => value !== '')) as Record<string, string>;
}

/** @returns the physical ids of the stack's resources of one type. */
export async function resourcesOf(account: AwsAccount, stack: string, type: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const page of paginateListStackResources({ client: account.stacks }, { StackName: stack })) {
    for (const { ResourceType, PhysicalResourceId } of page.StackResourceSummaries ?? []) {
      if (ResourceType === type && PhysicalResourceId !== undefined) ids.push(PhysicalResourceId);
    }
  }
  return ids;
}
