// Telegram is told → the data is kept or removed → the stack is deleted → what is left?
import { DynamoDBServiceException } from '@aws-sdk/client-dynamodb';
import { type AwsAccount, openAccount } from '../aws/aws-account.ts';
import type { Asker } from '../ask/ask.ts';
import { deleteStack } from '../aws/delete-stack.ts';
import { type Deployment, findDeployment, type StandingDeployment, switchesOf } from '../aws/deployment.ts';
import { dropBackups } from '../aws/drop-backups.ts';
import { emptyBucket } from '../aws/empty-bucket.ts';
import { leaveBot } from './leave-bot.ts';
import { OperateError, reasonOf } from '../operate-error.ts';
import { Progress } from '../progress.ts';
import { retainData } from '../aws/retain-data.ts';
import { readSecret } from '../aws/secret-values.ts';

const STEPS = 3;

export interface DestroyOptions {
  readonly stack: string;
  /** Bucket and table stay, without the stack; as they do when it was deployed with `keepData`. */
  readonly isDataKept: boolean;
  /** Undefined: nobody is asked, because the answer is known. */
  readonly asker: Asker | undefined;
  readonly apiRoot: string;
}

/**
 * Takes a deployment away. It can be run again after it was cut off.
 * @throws OperateError `not_confirmed`, or `aws_refused` when something could not be removed
 */
export async function destroy(options: DestroyOptions): Promise<void> {
  const account = await openAccount();
  try {
    const deployment = await findDeployment(account, options.stack);
    if (!deployment) {
      console.log(`There is no stack ${options.stack} in account ${account.id}, region ${account.region}.`);
      return;
    }
    const isDataKept = options.isDataKept || switchesOf(deployment).keepData === 'true';
    await confirm({ ...options, isDataKept }, account, deployment);
    await remove(account, deployment, { options: { ...options, isDataKept }, progress: new Progress(STEPS) });
  } finally {
    account.close();
  }
}

async function confirm(
  { asker, stack, isDataKept }: DestroyOptions,
  account: AwsAccount,
  { outputs }: Deployment,
): Promise<void> {
  const data = isDataKept
    ? 'Its conversations stay.'
    : 'Every conversation and file of it is removed for good.';
  const whereTo = `${stack} in account ${account.id}, region ${account.region}`;
  console.log(`This deletes ${whereTo}. ${outputs ? data : 'It never came to stand.'}`);
  if (!asker) return;
  const answer = await asker.ask({ text: `Type its name (${stack}) to go on` });
  if (answer !== stack) throw new OperateError('not_confirmed', 'That is not its name; nothing was changed');
}

async function remove(
  account: AwsAccount,
  deployment: Deployment,
  {
    options: { isDataKept, apiRoot },
    progress,
  }: { readonly options: DestroyOptions; readonly progress: Progress },
): Promise<void> {
  const { stack, outputs } = deployment;
  const standing = outputs && { ...deployment, outputs };
  progress.begin('Telegram');
  const token = standing && (await readSecret(account, standing.outputs.BotTokenSecretArn));
  if (token === undefined) progress.skip('no bot was connected');
  else await leaveBot(token, { apiRoot, url: standing?.outputs.WebhookUrl ?? '', progress });

  progress.begin('The data');
  if (!standing) progress.skip('there is none');
  else if (isDataKept) await keep(account, standing, progress);
  else {
    progress.done(`${await emptyBucket(account, standing.outputs.BucketName)} objects removed`);
    await forget(account, standing, progress);
  }

  progress.begin('The stack');
  const tell = (line: string): void => console.log(`  ${line}`);
  let isGone = await deleteStack(account, stack, tell);
  if (!isGone && standing && !isDataKept) {
    // A turn that was still running may have saved its session into the empty bucket.
    await emptyBucket(account, standing.outputs.BucketName);
    isGone = await deleteStack(account, stack, tell);
  }
  if (!isGone) {
    const again = 'What CloudFormation could not remove stands above; run this again.';
    throw new OperateError('aws_refused', `${stack} is not wholly gone`, { cure: again });
  }
  progress.done(`${stack} is gone`);
  if (standing && isDataKept) {
    console.log(
      `\nKept: the bucket ${standing.outputs.BucketName} and the table ${standing.outputs.TableName}.`,
    );
  }
  const place = `aws://${account.id}/${account.region}`;
  console.log(
    `\nThe image and the bundles stay in the registry and the bucket of the CDK, which all its stacks share.\n\`npx cdk gc ${place} --unstable=gc\` removes what no stack needs any more.`,
  );
}

/** That it fails keeps nobody from deleting what costs money. */
async function forget(
  account: AwsAccount,
  { outputs }: StandingDeployment,
  progress: Progress,
): Promise<void> {
  try {
    if (await dropBackups(account, outputs.TableName)) progress.done('the table will leave no backup');
  } catch (error) {
    if (!(error instanceof DynamoDBServiceException)) throw error;
    progress.warn(`DynamoDB keeps a backup of the table for 35 days (${reasonOf(error)})`);
  }
}

async function keep(account: AwsAccount, standing: StandingDeployment, progress: Progress): Promise<void> {
  if (await retainData(account, standing)) progress.done('bucket and table now outlive the stack');
  else progress.skip('bucket and table outlive the stack anyway');
}
