// stack → secrets → webhook → queue, dead letters → alarms → functions
import type { AwsAccount } from '../aws/aws-account.ts';
import { parseModelKeys } from '../ask/model-keys.ts';
import { BOT_TOKEN } from '../config.ts';
import { checkBot } from './check-bot.ts';
import { checkSubscribers } from './check-subscribers.ts';
import { checkAlarms, checkFunctions, checkQueues } from './check-traffic.ts';
import type { StandingDeployment } from '../aws/deployment.ts';
import { fine, type Finding, look, wrong } from './finding.ts';
import { readSecret } from '../aws/secret-values.ts';

const REDEPLOY = 'Run `npm run deploy`.';

/** Looks at everything a deployment needs to answer; it changes nothing and reads no message. */
export async function checkDeployment(
  account: AwsAccount,
  deployment: StandingDeployment,
  apiRoot: string,
): Promise<Finding[]> {
  const parts: [string, () => Promise<Finding[]>][] = [
    ['The secrets', () => checkSecrets(account, deployment)],
    ['The bot', () => checkWebhook(account, deployment, apiRoot)],
    ['The queue', () => checkQueues(account, deployment)],
    ['The alarms', () => checkAlarms(account, deployment)],
    ['Who hears of alarms', () => checkSubscribers(account, deployment)],
    ['The functions', () => checkFunctions(account, deployment)],
  ];
  const findings = await Promise.all(parts.map(([subject, check]) => look(subject, check)));
  return [checkStack(account, deployment), ...findings.flat()];
}

function checkStack({ id, region }: AwsAccount, { stack, status }: StandingDeployment): Finding {
  const where = `${stack} in account ${id}, region ${region}: ${status}`;
  if (status.endsWith('_FAILED') || status.includes('ROLLBACK')) {
    return wrong(where, `Its events in CloudFormation say why; what it was before still runs. ${REDEPLOY}`);
  }
  if (status.endsWith('_IN_PROGRESS')) return wrong(where, 'Wait until it is done.');
  return fine(where);
}

async function checkSecrets(account: AwsAccount, { outputs }: StandingDeployment): Promise<Finding[]> {
  const kinds: [string, string, (value: string) => boolean][] = [
    ['bot token', outputs.BotTokenSecretArn, (value) => BOT_TOKEN.test(value)],
    ['model’s keys', outputs.BedrockKeysSecretArn, (value) => parseModelKeys(value) !== undefined],
    ['webhook secret', outputs.WebhookSecretArn, (value) => /^[A-Za-z0-9_-]{1,256}$/.test(value)],
    ['service token', outputs.ServiceTokenSecretArn, (value) => value.length >= 16],
  ];
  const looks = kinds.map(async ([what, arn, isGood]): Promise<Finding> => {
    const value = await readSecret(account, arn);
    if (value === undefined) return wrong(`The secret with the ${what} is empty`, REDEPLOY);
    return isGood(value)
      ? fine(`The secret with the ${what} is filled`)
      : wrong(`The secret with the ${what} holds something else`, REDEPLOY);
  });
  return Promise.all(looks);
}

async function checkWebhook(
  account: AwsAccount,
  { outputs }: StandingDeployment,
  apiRoot: string,
): Promise<Finding[]> {
  const token = await readSecret(account, outputs.BotTokenSecretArn);
  // That it is empty is told already.
  if (token === undefined) return [];
  return checkBot(token, apiRoot, { kind: 'webhook', url: outputs.WebhookUrl });
}
