import type { readQueueConfig } from '@omnicloud/local';
import { openAccount } from './aws-account.ts';
import { standingDeployment } from './deployment.ts';

/** @returns where the queue of a deployment is. @throws OperateError */
export async function queueOf(stack: string): Promise<ReturnType<typeof readQueueConfig>> {
  const account = await openAccount();
  try {
    const { outputs } = await standingDeployment(account, stack);
    return {
      dataDir: '',
      aws: { queueUrl: outputs.QueueUrl, deadLetterQueueUrl: outputs.DeadLetterQueueUrl },
    };
  } finally {
    account.close();
  }
}
