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
import type { Watched } from './alarm-rules.ts';
import { measured, overall } from './measurements.ts';

const PERIOD = Duration.minutes(5);
const HALF = 12;

/** One page: whether something is wrong, how many turns there are, how long each phase takes, and what it costs. */
export function addDashboard(scope: Construct, watched: Watched, alarms: readonly Alarm[]): Dashboard {
  const { meterName, turns, deadLetters, webhook, worker, agent, authorizer } = watched;
  const sum = (measure: string): IMetric => measured(meterName, measure, Stats.SUM, PERIOD);
  const p95 = (measure: string): IMetric => measured(meterName, measure, Stats.percentile(95), PERIOD);
  const graph = (title: string, left: IMetric[], right: IMetric[] = []): GraphWidget =>
    new GraphWidget({ title, left, right, width: HALF, period: PERIOD });
  return new Dashboard(scope, 'Dashboard', {
    periodOverride: PeriodOverride.AUTO,
    widgets: [
      [new AlarmStatusWidget({ title: 'Alarms', alarms: [...alarms], width: 2 * HALF })],
      [
        graph('Turns', ['TurnsAnswered', 'TurnsFailed', 'TurnsGivenUp'].map(sum)),
        graph(
          'Latency, 95th percentile in ms',
          ['TurnMs', 'QueueMs', 'RestoreMs', 'RunMs', 'PersistMs'].map(p95),
        ),
      ],
      [
        graph(
          'Queue: messages, and the age of the oldest in s',
          [
            turns.metricApproximateNumberOfMessagesVisible(),
            turns.metricApproximateNumberOfMessagesNotVisible(),
            deadLetters.metricApproximateNumberOfMessagesVisible(),
          ],
          [turns.metricApproximateAgeOfOldestMessage()],
        ),
        graph('Conflicts', ['SessionBusy', 'UndecidableSends'].map(sum)),
      ],
      [
        graph('Tokens, and dollars', ['InputTokens', 'OutputTokens'].map(sum), [sum('CostUsd')]),
        graph('Functions', [
          overall([webhook, worker, agent, authorizer], 'Errors', PERIOD),
          overall([webhook, worker, agent, authorizer], 'Throttles', PERIOD),
          agent.metric('ConcurrentExecutions', { statistic: Stats.MAXIMUM, period: PERIOD }),
        ]),
      ],
    ],
  });
}
