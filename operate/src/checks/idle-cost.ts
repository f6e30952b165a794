// switches → what a deployment costs in a month in which nobody writes
import { billOf } from '@omnicloud/infra';
import { PRICES_AS_OF, PRICES_REGION } from '@omnicloud/infra';
import { workload } from '@omnicloud/infra';
import type { Switches } from '@omnicloud/infra';

const LEAST_SHOWN_USD = 0.005;

/** @returns one line: the sum, and what it is made of. */
export function idleCost({
  isolation,
  memory,
  provisionedConcurrency,
}: Pick<Switches, 'isolation' | 'memory' | 'provisionedConcurrency'>): string {
  const idle = { messages: 0, storedGb: 0, isolation, agentMemoryMb: memory, provisionedConcurrency };
  const { components, totalUsd } = billOf(workload(idle));
  const parts = [...components]
    .filter(([, usd]) => usd >= LEAST_SHOWN_USD)
    .sort(([, a], [, b]) => b - a)
    .map(([name, usd]) => `${name} $${usd.toFixed(2)}`);
  return `While nobody writes it costs about $${totalUsd.toFixed(2)} a month (${parts.join(', ')}; prices of ${PRICES_REGION}, ${PRICES_AS_OF}). \`npm run cost\` reckons with messages.`;
}
