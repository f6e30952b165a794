import { Duration } from 'aws-cdk-lib';
import { type IMetric, MathExpression, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import type { RestApi } from 'aws-cdk-lib/aws-apigateway';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { Function } from 'aws-cdk-lib/aws-lambda';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { measured } from './measurements.ts';

/** What can go wrong for a user, and when somebody should be told. */
export interface AlarmRule {
  readonly id: string;
  /** The heading of docs/runbook.md that says what to do. */
  readonly heading: string;
  readonly metric: IMetric;
  /** From this value on. */
  readonly atLeast: number;
  /** For so many of the metric's periods in a row; 1 unless given. */
  readonly periods?: number;
}

export interface Watched {
  readonly meterName: string;
  readonly dailyBudgetUsd: number;
  readonly webhook: Function;
  readonly worker: Function;
  readonly agent: Function;
  readonly authorizer: Function;
  readonly webhookApi: HttpApi;
  readonly agentApi: RestApi;
  readonly turns: Queue;
  readonly asides: Queue;
  readonly deadLetters: Queue;
  readonly table: ITable;
}

const FIVE_MINUTES = Duration.minutes(5);
const QUARTER = Duration.minutes(15);
const HOUR = Duration.hours(1);
const DAY = Duration.days(1);

/** A turn may take 15 minutes and go on after that; whoever waits for longer waits for something that is broken. In seconds. */
const OLDEST_TURN_S = 30 * 60;

export function alarmRules(watched: Watched): AlarmRule[] {
  return [...takingUpdates(watched), ...answering(watched), ...serving(watched), ...spending(watched)];
}

function takingUpdates({ webhook, webhookApi }: Watched): AlarmRule[] {
  return [
    {
      id: 'UpdatesNotTaken',
      heading: 'Telegram cannot deliver updates',
      metric: webhookApi.metricServerError({ period: FIVE_MINUTES, statistic: Stats.SUM }),
      atLeast: 1,
      periods: 2,
    },
    {
      id: 'UpdatesRefused',
      heading: 'Updates are refused',
      // Telegram tries a refused update again and again; a stranger who looks for open doors does not stay for long.
      metric: webhookApi.metricClientError({ period: FIVE_MINUTES, statistic: Stats.SUM }),
      atLeast: 5,
      periods: 3,
    },
    {
      id: 'WebhookFails',
      heading: 'Telegram cannot deliver updates',
      metric: webhook.metricErrors({ period: FIVE_MINUTES, statistic: Stats.SUM }),
      atLeast: 1,
      periods: 2,
    },
  ];
}

function answering({ meterName, turns, asides, deadLetters, worker }: Watched): AlarmRule[] {
  return [
    {
      id: 'DeadLetters',
      heading: 'Turns were given up',
      metric: deadLetters.metricApproximateNumberOfMessagesVisible({
        period: FIVE_MINUTES,
        statistic: Stats.MAXIMUM,
      }),
      atLeast: 1,
    },
    {
      id: 'TurnsGivenUp',
      heading: 'Turns were given up',
      metric: measured(meterName, 'TurnsGivenUp', { statistic: Stats.SUM, period: FIVE_MINUTES }),
      atLeast: 1,
    },
    {
      id: 'TurnsFail',
      heading: 'Turns fail',
      metric: measured(meterName, 'TurnsFailed', { statistic: Stats.SUM, period: QUARTER }),
      atLeast: 3,
    },
    {
      id: 'AnswersLate',
      heading: 'Answers come late',
      metric: turns.metricApproximateAgeOfOldestMessage({ period: FIVE_MINUTES, statistic: Stats.MAXIMUM }),
      atLeast: OLDEST_TURN_S,
    },
    {
      id: 'CommandsWait',
      heading: 'Commands are not answered',
      metric: untouched(asides),
      atLeast: 1,
      periods: 2,
    },
    {
      id: 'TurnsWait',
      heading: 'Answers come late',
      metric: measured(meterName, 'QueueMs', { statistic: Stats.percentile(95), period: QUARTER }),
      atLeast: 60_000,
      periods: 2,
    },
    {
      id: 'WorkerFails',
      heading: 'The worker is cut off',
      metric: worker.metricErrors({ period: QUARTER, statistic: Stats.SUM }),
      atLeast: 1,
    },
    {
      id: 'AnswersTwice',
      heading: 'Messages may arrive twice',
      metric: measured(meterName, 'UndecidableSends', { statistic: Stats.SUM, period: HOUR }),
      atLeast: 5,
    },
    {
      id: 'SessionsBusy',
      heading: 'Sessions stay busy',
      metric: measured(meterName, 'SessionBusy', { statistic: Stats.SUM, period: QUARTER }),
      atLeast: 20,
    },
  ];
}

/**
 * @returns how many messages lie in a queue of short turns all the time while nobody has one in hand. An answer that its chat refuses lies there,
 *   too, for up to two days, and others of the chat behind it: so neither the age of the oldest nor what waits says anything alone.
 */
function untouched(queue: Queue): IMetric {
  return new MathExpression({
    expression: 'IF(inFlight < 1, waiting, 0)',
    usingMetrics: {
      waiting: queue.metricApproximateNumberOfMessagesVisible({
        period: FIVE_MINUTES,
        statistic: Stats.MINIMUM,
      }),
      inFlight: queue.metricApproximateNumberOfMessagesNotVisible({
        period: FIVE_MINUTES,
        statistic: Stats.MAXIMUM,
      }),
    },
    period: FIVE_MINUTES,
    label: 'Commands that nobody takes',
  });
}

function serving({ meterName, agent, agentApi, table, ...watched }: Watched): AlarmRule[] {
  const { webhook, worker, authorizer } = watched;
  return [
    {
      id: 'AgentFails',
      heading: 'The agent server is cut off',
      metric: agent.metricErrors({ period: QUARTER, statistic: Stats.SUM }),
      atLeast: 1,
      periods: 2,
    },
    {
      id: 'AgentUnreachable',
      heading: 'The agent server cannot be reached',
      metric: agentApi.metricServerError({ period: FIVE_MINUTES, statistic: Stats.SUM }),
      atLeast: 3,
      periods: 2,
    },
    {
      id: 'AgentRefuses',
      heading: 'The agent server refuses the worker',
      metric: agentApi.metricClientError({ period: FIVE_MINUTES, statistic: Stats.SUM }),
      atLeast: 5,
      periods: 3,
    },
    // One each, and no sum: the alarm says which, and a sum costs as much as its parts.
    ...Object.entries({ Webhook: webhook, Worker: worker, Authorizer: authorizer, Agent: agent }).map(
      ([name, each]) => ({
        id: `${name}Throttled`,
        heading: 'Too much at once',
        metric: each.metricThrottles({ period: FIVE_MINUTES, statistic: Stats.SUM }),
        atLeast: 1,
        periods: 3,
      }),
    ),
    ...['ReadThrottleEvents', 'WriteThrottleEvents'].map((metricName) => ({
      id: `Table${metricName}`,
      heading: 'The table refuses requests',
      metric: table.metric(metricName, { period: FIVE_MINUTES, statistic: Stats.SUM }),
      atLeast: 1,
      periods: 2,
    })),
    {
      id: 'RestoreSlow',
      heading: 'Sessions are restored or saved slowly',
      metric: measured(meterName, 'RestoreMs', { statistic: Stats.percentile(95), period: HOUR }),
      atLeast: 15_000,
    },
    {
      id: 'PersistSlow',
      heading: 'Sessions are restored or saved slowly',
      metric: measured(meterName, 'PersistMs', { statistic: Stats.percentile(95), period: HOUR }),
      atLeast: 20_000,
    },
  ];
}

function spending({ meterName, dailyBudgetUsd }: Watched): AlarmRule[] {
  return [
    {
      id: 'SpendingHigh',
      heading: 'Spending is high',
      metric: measured(meterName, 'CostUsd', { statistic: Stats.SUM, period: DAY }),
      atLeast: dailyBudgetUsd,
    },
  ];
}
