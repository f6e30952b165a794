import { Duration } from 'aws-cdk-lib';
import {
  type Alarm,
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IMetric,
  PeriodOverride,
  Stats,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import type { Measure } from '@omnicloud/sdk-client';
import type { Watched } from './alarm-rules.ts';
import { measured, overall } from './measurements.ts';

const PERIOD = Duration.minutes(5);
const HALF = 12;

/** One page: whether something is wrong, how many turns there are, how long each phase takes, and what it costs. */
export function addDashboard(scope: Construct, watched: Watched, alarms: readonly Alarm[]): Dashboard {
  const { meterName, turns, asides, deadLetters, webhook, worker, agent, authorizer } = watched;
  const by = (statistic: string, measures: readonly Measure[]): IMetric[] =>
    measures.map((measure) => measured(meterName, measure, { statistic, period: PERIOD }));
  const sums = (...measures: Measure[]): IMetric[] => by(Stats.SUM, measures);
  const p95s = (...measures: Measure[]): IMetric[] => by(Stats.percentile(95), measures);
  const graph = (title: string, left: IMetric[], right: IMetric[] = []): GraphWidget =>
    new GraphWidget({ title, left, right, width: HALF, period: PERIOD });
  return new Dashboard(scope, 'Dashboard', {
    periodOverride: PeriodOverride.AUTO,
    widgets: [
      [new AlarmStatusWidget({ title: 'Alarms', alarms: [...alarms], width: 2 * HALF })],
      [
        graph('Turns', sums('TurnsAnswered', 'TurnsFailed', 'TurnsGivenUp')),
        graph('Latency, 95th percentile in ms', p95s('TurnMs', 'QueueMs', 'RestoreMs', 'RunMs', 'PersistMs')),
      ],
      [
        graph(
          'Queue: messages, and the age of the oldest in s',
          [
            turns.metricApproximateNumberOfMessagesVisible(),
            turns.metricApproximateNumberOfMessagesNotVisible(),
            asides.metricApproximateNumberOfMessagesVisible({ label: 'Commands that wait' }),
            asides.metricApproximateNumberOfMessagesNotVisible({
              label: 'Commands in hand, and kept answers',
            }),
            deadLetters.metricApproximateNumberOfMessagesVisible(),
          ],
          [turns.metricApproximateAgeOfOldestMessage()],
        ),
        graph('Conflicts', sums('SessionBusy', 'UndecidableSends')),
      ],
      [
        graph('Tokens, and dollars', sums('InputTokens', 'OutputTokens'), sums('CostUsd')),
        graph('Functions', [
          overall([webhook, worker, agent, authorizer], 'Errors', PERIOD),
          overall([webhook, worker, agent, authorizer], 'Throttles', PERIOD),
          agent.metric('ConcurrentExecutions', { statistic: Stats.MAXIMUM, period: PERIOD }),
        ]),
      ],
    ],
  });
}
