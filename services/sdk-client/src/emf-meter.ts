import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Measure, Meter } from './relay/meter.ts';

const NAMESPACE = 'OmniCloud';

/**
 * Measurements as log lines in CloudWatch's embedded metric format, one line for all that came between two flushes
 * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).
 */
export class EmfMeter implements Meter {
  readonly #metrics: Metrics;

  /** @param service the value of the metrics' one dimension, `service`. */
  constructor(service: string) {
    this.#metrics = new Metrics({ namespace: NAMESPACE, serviceName: service });
  }

  add(measure: Measure, value: number): void {
    this.#metrics.addMetric(measure, unitOf(measure), value);
  }

  /** Writes the line, if there is anything to tell: before the platform stops the process. */
  flush(): void {
    if (this.#metrics.hasStoredMetrics()) this.#metrics.publishStoredMetrics();
  }
}

/** CloudWatch knows no currency. */
function unitOf(measure: Measure): (typeof MetricUnit)[keyof typeof MetricUnit] {
  if (measure.endsWith('Ms')) return MetricUnit.Milliseconds;
  return measure === 'CostUsd' ? MetricUnit.NoUnit : MetricUnit.Count;
}
