import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { resourcesOf, synthesize } from '../stack/stack.fixture.ts';

interface MetricStat {
  readonly MetricStat?: { readonly Metric: { readonly Namespace: string; readonly MetricName: string } };
}

/**
 * What AWS publishes, as far as it is watched here:
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html,
 * https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html,
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html and its REST sibling,
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
 */
const PUBLISHED: Record<string, readonly string[]> = {
  'AWS/SQS': [
    'ApproximateAgeOfOldestMessage',
    'ApproximateNumberOfMessagesNotVisible',
    'ApproximateNumberOfMessagesVisible',
  ],
  'AWS/Lambda': ['Errors', 'Throttles'],
  'AWS/ApiGateway': ['4xx', '5xx', '4XXError', '5XXError'],
  'AWS/DynamoDB': ['ReadThrottleEvents', 'WriteThrottleEvents'],
};
const SERVICES = fileURLToPath(new URL('../../../services/sdk-client/src/', import.meta.url));

const { template } = synthesize();
const alarms = Object.entries(resourcesOf(template, 'AWS::CloudWatch::Alarm'));
const metrics = alarms.flatMap(([, { Properties }]) => {
  const { Namespace, MetricName, Metrics = [] } = Properties;
  const parts = (Metrics as MetricStat[]).flatMap(({ MetricStat: stat }) => (stat ? [stat.Metric] : []));
  return Namespace === undefined ? parts : [{ Namespace, MetricName }];
}) as { Namespace: string; MetricName: string }[];

describe('the metrics of the alarms', () => {
  it('are published by AWS, or added by the services', () => {
    const source = readdirSync(SERVICES, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
      .map((name) => readFileSync(join(SERVICES, name), 'utf8'))
      .join('\n');
    const unknown = metrics.filter(({ Namespace, MetricName }) =>
      Namespace === 'OmniCloud'
        ? !source.includes(`.add('${MetricName}',`)
        : PUBLISHED[Namespace]?.includes(MetricName) !== true,
    );
    expect(metrics.length).toBeGreaterThan(alarms.length);
    expect(unknown).toEqual([]);
  });

  it('watch every queue', () => {
    const watched = JSON.stringify(alarms.map(([, { Properties }]) => Properties));
    const queues = Object.keys(resourcesOf(template, 'AWS::SQS::Queue'));
    expect(queues).toHaveLength(3);
    expect(queues.filter((queue) => !watched.includes(`"${queue}"`))).toEqual([]);
  });

  it('are shown for every queue on the dashboard', () => {
    const shown = JSON.stringify(resourcesOf(template, 'AWS::CloudWatch::Dashboard'));
    const queues = Object.keys(resourcesOf(template, 'AWS::SQS::Queue'));
    expect(queues.filter((queue) => !shown.includes(`"${queue}"`))).toEqual([]);
  });
});
