import type { Duration } from 'aws-cdk-lib';
import { type IMetric, MathExpression, Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { Function } from 'aws-cdk-lib/aws-lambda';
import type { Measure } from '@omnicloud/sdk-client';

/** As the services write them, in CloudWatch's embedded metric format. */
const NAMESPACE = 'OmniCloud';

/** One of the measurements that the services really make, of one deployment, which is the one dimension. */
export function measured(
  meterName: string,
  measure: Measure,
  { statistic, period }: { readonly statistic: string; readonly period: Duration },
): Metric {
  return new Metric({
    namespace: NAMESPACE,
    metricName: measure,
    dimensionsMap: { service: meterName },
    statistic,
    period,
  });
}

/** @returns the sum of one of Lambda's metrics over several functions. */
export function overall(
  functions: readonly Function[],
  metricName: 'Errors' | 'Throttles',
  period: Duration,
): IMetric {
  const usingMetrics = Object.fromEntries(
    functions.map((each, index) => [
      `${metricName.toLowerCase()}${index}`,
      each.metric(metricName, { statistic: Stats.SUM, period }),
    ]),
  );
  return new MathExpression({
    expression: Object.keys(usingMetrics).join(' + '),
    usingMetrics,
    period,
    label: metricName,
  });
}
