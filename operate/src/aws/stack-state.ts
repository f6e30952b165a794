import { setTimeout as sleep } from 'node:timers/promises';
import type { AwsAccount } from './aws-account.ts';
import { type Deployment, findDeployment } from './deployment.ts';
import { OperateError } from '../operate-error.ts';
import type { Progress } from '../progress.ts';

const GOING_ON = '_IN_PROGRESS';
/** A stack that was begun and has no template yet is in progress for ever. */
const NOT_BEGUN = 'REVIEW_IN_PROGRESS';
const POLL_MS = 5_000;

/**
 * Waits for what CloudFormation still does, because a run was cut off or runs elsewhere. What it would refuse then is said before anything is
 * asked or built. A stack whose creation was rolled back is no obstacle: the CDK removes what is left of it.
 * @returns undefined when there is no such stack.
 * @throws OperateError `aws_refused`, and what `findDeployment` throws
 */
export async function settledDeployment(
  account: Pick<AwsAccount, 'stacks'>,
  stack: string,
  { progress, pollMs = POLL_MS }: { readonly progress: Progress; readonly pollMs?: number | undefined },
): Promise<Deployment | undefined> {
  let told = '';
  for (;;) {
    const found = await findDeployment(account, stack);
    if (!found) return undefined;
    const { status } = found;
    if (!status.endsWith(GOING_ON) || status === NOT_BEGUN) {
      refuseUnready(stack, status);
      return found;
    }
    if (status !== told) progress.warn(`CloudFormation still works on ${stack} (${status}); waiting for it`);
    told = status;
    await sleep(pollMs);
  }
}

function refuseUnready(stack: string, status: string): void {
  const cure = cureOf(stack, status);
  if (cure !== undefined) throw new OperateError('aws_refused', `The stack ${stack} is ${status}`, { cure });
}

function cureOf(stack: string, status: string): string | undefined {
  if (status === 'UPDATE_ROLLBACK_FAILED') {
    return `Run \`aws cloudformation continue-update-rollback --stack-name ${stack}\`, wait until it is done, and run this again.`;
  }
  if (status === 'DELETE_FAILED' || status === 'ROLLBACK_FAILED') {
    return `It was not wholly removed: run \`npm run destroy -- --stack ${stack}\`, then this again.`;
  }
  return undefined;
}
