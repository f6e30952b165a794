import type { Deployment } from './deployment.ts';
import { OperateError } from './operate-error.ts';

const GOING_ON = /_IN_PROGRESS$/;
/** A stack that was begun and has no template yet is in progress for ever. */
const NOT_BEGUN = 'REVIEW_IN_PROGRESS';

/**
 * What CloudFormation would refuse, said before anything is asked or built. A stack whose creation was rolled back is no obstacle: the CDK
 * removes what is left of it.
 * @throws OperateError `aws_refused`
 */
export function refuseUnready({ stack, status }: Pick<Deployment, 'stack' | 'status'>): void {
  const mend = mendOf(stack, status);
  if (mend !== undefined) throw new OperateError('aws_refused', `The stack ${stack} is ${status}`, mend);
}

function mendOf(stack: string, status: string): string | undefined {
  if (GOING_ON.test(status) && status !== NOT_BEGUN) {
    return 'CloudFormation still works on it: wait until it is done, and run this again.';
  }
  if (status === 'UPDATE_ROLLBACK_FAILED') {
    return `Run \`aws cloudformation continue-update-rollback --stack-name ${stack}\`, wait until it is done, and run this again.`;
  }
  if (status === 'DELETE_FAILED' || status === 'ROLLBACK_FAILED') {
    return `It was not wholly removed: run \`npm run destroy -- --stack ${stack}\`, then this again.`;
  }
  return undefined;
}
