// what goes through a deployment right now: waiting turns, dead letters, alarms, errors of functions
import {
  GetMetricDataCommand,
  type MetricAlarm,
  type MetricDataQuery,
  paginateDescribeAlarms,
} from '@aws-sdk/client-cloudwatch';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import type { AwsAccount } from '../aws/aws-account.ts';
import { resourcesOf, type StandingDeployment } from '../aws/deployment.ts';
import { fine, type Finding, note, wrong } from './finding.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** A turn may take 15 minutes and go on after that. */
const OLD_TURN_S = 30 * 60;

export async function checkQueues(
  account: AwsAccount,
  { stack, outputs }: StandingDeployment,
): Promise<Finding[]> {
  const name = outputs.QueueUrl.split('/').at(-1) ?? '';
  const [waiting, dead, age_s] = await Promise.all([
    messagesIn(account, outputs.QueueUrl),
    messagesIn(account, outputs.DeadLetterQueueUrl),
    newest(account, {
      Namespace: 'AWS/SQS',
      MetricName: 'ApproximateAgeOfOldestMessage',
      Dimensions: [{ Name: 'QueueName', Value: name }],
    }),
  ]);
  const isLate = waiting > 0 && age_s >= OLD_TURN_S;
  const turns = `${waiting} turns wait${waiting > 0 ? `, the oldest for ${Math.round(age_s)} s` : ''}`;
  return [
    isLate ? wrong(turns, 'docs/runbook.md, “Answers come late”, says what to look at.') : fine(turns),
    dead === 0
      ? fine('No turn was given up')
      : wrong(
          `${dead} turns were given up`,
          `\`npm run redrive -- --stack ${stack} --list\` shows them, without --list they are tried again.`,
        ),
  ];
}

async function messagesIn({ queues }: AwsAccount, url: string): Promise<number> {
  const { Attributes } = await queues.send(
    new GetQueueAttributesCommand({
      QueueUrl: url,
      AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    }),
  );
  const count = Number(Attributes?.ApproximateNumberOfMessages ?? 0);
  return count + Number(Attributes?.ApproximateNumberOfMessagesNotVisible ?? 0);
}

export async function checkAlarms(
  { metrics }: AwsAccount,
  { stack }: StandingDeployment,
): Promise<Finding[]> {
  const alarms: MetricAlarm[] = [];
  // They have no names of their own, so CloudFormation puts the stack's in front.
  for await (const page of paginateDescribeAlarms({ client: metrics }, { AlarmNamePrefix: `${stack}-` })) {
    alarms.push(...(page.MetricAlarms ?? []));
  }
  const ringing = alarms.filter(({ StateValue }) => StateValue === 'ALARM');
  if (ringing.length === 0) return [fine(`None of ${alarms.length} alarms rings`)];
  return ringing.map(({ AlarmName = '', AlarmDescription }) =>
    wrong(`The alarm ${AlarmName} rings`, AlarmDescription ?? 'See docs/runbook.md.'),
  );
}

const FUNCTION_METRICS = {
  Errors: (name: string, count: number): Finding =>
    wrong(`${name} failed ${count} times within the hour`, '`npm run logs` shows why.'),
  Throttles: (name: string, count: number): Finding =>
    wrong(
      `${name} was throttled ${count} times within the hour`,
      'A new account may run 10 functions at once: ask for more in Service Quotas (Lambda, concurrent executions).',
    ),
} as const;

export async function checkFunctions(account: AwsAccount, { stack }: StandingDeployment): Promise<Finding[]> {
  const names = await resourcesOf(account, stack, 'AWS::Lambda::Function');
  const asked = names.flatMap((name) =>
    (Object.keys(FUNCTION_METRICS) as (keyof typeof FUNCTION_METRICS)[]).map((metric) => ({ name, metric })),
  );
  const counts = await sumsOfTheHour(
    account,
    asked.map(({ name, metric }) => ({
      Namespace: 'AWS/Lambda',
      MetricName: metric,
      Dimensions: [{ Name: 'FunctionName', Value: name }],
    })),
  );
  const failing = asked.flatMap(({ name, metric }, index) => {
    const count = counts[index] ?? 0;
    return count > 0 ? [FUNCTION_METRICS[metric](name, count)] : [];
  });
  if (failing.length > 0) return failing;
  return [
    names.length > 0
      ? fine(`None of ${names.length} functions failed within the hour`)
      : note('No functions'),
  ];
}

type Measured = NonNullable<NonNullable<MetricDataQuery['MetricStat']>['Metric']>;

async function sumsOfTheHour(account: AwsAccount, metrics: readonly Measured[]): Promise<number[]> {
  const values = await data(account, { measured: metrics, stat: 'Sum', periodS: 300, backMs: HOUR_MS });
  return values.map((each) => each.reduce((sum, value) => sum + value, 0));
}

/** @returns the highest value of the last quarter of an hour; 0 when nothing was measured. */
async function newest(account: AwsAccount, metric: Measured): Promise<number> {
  const [values = []] = await data(account, {
    measured: [metric],
    stat: 'Maximum',
    periodS: 60,
    backMs: 15 * MINUTE_MS,
  });
  return Math.max(0, ...values);
}

async function data(
  { metrics }: AwsAccount,
  {
    measured,
    stat,
    periodS,
    backMs,
  }: {
    readonly measured: readonly Measured[];
    readonly stat: 'Sum' | 'Maximum';
    readonly periodS: number;
    readonly backMs: number;
  },
): Promise<number[][]> {
  if (measured.length === 0) return [];
  const now = Date.now();
  const queries = measured.map((Metric, index) => ({
    Id: `m${index}`,
    MetricStat: { Metric, Period: periodS, Stat: stat },
  }));
  const { MetricDataResults } = await metrics.send(
    new GetMetricDataCommand({
      MetricDataQueries: queries,
      StartTime: new Date(now - backMs),
      EndTime: new Date(now),
    }),
  );
  return queries.map(({ Id }) => MetricDataResults?.find((result) => result.Id === Id)?.Values ?? []);
}
