// delete → what CloudFormation does, line by line → gone, or what it could not remove
import {
  CloudFormationServiceException,
  DeleteStackCommand,
  DescribeStackEventsCommand,
  type StackEvent,
} from '@aws-sdk/client-cloudformation';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AwsAccount } from './aws-account.ts';
import { describeStack } from './deployment.ts';
import { OperateError } from '../operate-error.ts';

const POLL_MS = 3_000;
const LIMIT_MS = 60 * 60 * 1_000;

/**
 * Deletes a stack and waits until it is gone. CloudFormation is asked itself: nothing has to be built or to be valid here for it.
 * @param onEvent told every step.
 * @returns whether it is gone; false when something of it could not be removed.
 */
export async function deleteStack(
  account: AwsAccount,
  stack: string,
  onEvent: (line: string) => void,
): Promise<boolean> {
  const found = await describeStack(account, stack);
  if (found?.StackId === undefined) return true;
  const startedAt = new Date();
  await account.stacks.send(new DeleteStackCommand({ StackName: stack }));
  const told = new Set<string>();
  const deadlineMs = Date.now() + LIMIT_MS;
  for (;;) {
    // By its id a stack that was deleted can still be asked about.
    const now = await describeStack(account, found.StackId);
    for (const event of await eventsSince(account, found.StackId, startedAt)) {
      const id = event.EventId ?? '';
      if (!told.has(id)) onEvent(lineOf(event));
      told.add(id);
    }
    if (!now || now.StackStatus === 'DELETE_COMPLETE') return true;
    if (now.StackStatus === 'DELETE_FAILED') return false;
    if (Date.now() > deadlineMs)
      throw new OperateError('aws_refused', `${stack} is still ${now.StackStatus ?? 'there'}`);
    await sleep(POLL_MS);
  }
}

async function eventsSince({ stacks }: AwsAccount, stack: string, since: Date): Promise<StackEvent[]> {
  try {
    const { StackEvents } = await stacks.send(new DescribeStackEventsCommand({ StackName: stack }));
    // The newest 100 come first, in the reverse order; a poll later there are seldom more.
    return (StackEvents ?? [])
      .filter(({ Timestamp }) => Timestamp !== undefined && Timestamp >= since)
      .reverse();
  } catch (error) {
    if (error instanceof CloudFormationServiceException && error.name === 'ValidationError') return [];
    throw error;
  }
}

function lineOf({ ResourceStatus, LogicalResourceId, ResourceStatusReason }: StackEvent): string {
  const why = ResourceStatus?.endsWith('FAILED') ? `: ${ResourceStatusReason ?? 'no reason given'}` : '';
  return `${ResourceStatus ?? ''} ${LogicalResourceId ?? ''}${why}`;
}
