// the topic of alarms → whether anybody is told when one rings
import type { AwsAccount } from '../aws/aws-account.ts';
import { LookupError, type Subscribers, subscribersOf } from '../aws/aws-lookups.ts';
import type { StandingDeployment } from '../aws/deployment.ts';
import { fine, type Finding, note, wrong } from './finding.ts';

const SUBSCRIBE = 'Deploy with --alarm-email you@example.org, or subscribe to the topic in AlarmTopicArn.';

/** Alarms ring in CloudWatch whether anybody listens or not. */
export async function checkSubscribers(
  account: Pick<AwsAccount, 'region' | 'stacks'>,
  { outputs }: StandingDeployment,
): Promise<Finding[]> {
  if (outputs.AlarmTopicArn === undefined) return [];
  try {
    return [judgeSubscribers(await subscribersOf(account, outputs.AlarmTopicArn))];
  } catch (error) {
    if (!(error instanceof LookupError)) throw error;
    return [note(`Who is told of alarms could not be looked at: ${error.message}`)];
  }
}

export function judgeSubscribers({ confirmed, pending }: Subscribers): Finding {
  if (pending > 0) {
    return wrong(
      `${pending} of those who are to be told of alarms have not confirmed it, so they are told nothing`,
      'Open the e-mail “AWS Notification - Subscription Confirmation” and confirm; deploy again if it has expired.',
    );
  }
  if (confirmed > 0) return fine(`${confirmed} are told when an alarm rings`);
  return note('Nobody is told when an alarm rings: alarms stand on the dashboard alone', SUBSCRIBE);
}
