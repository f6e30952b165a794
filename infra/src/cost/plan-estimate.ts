import { billOf } from './bill.ts';
import { type Workload, workload } from './workload.ts';

/** Section 8 of the plan: 100,000 messages a month, 512 MB and 2 GB, everything warm, nothing beside the components it names. */
const PLAN_WORKLOAD: Workload = workload({
  messages: 100_000,
  // The plan names no duration. Its $20 for 2 GB of arm64 are 7.5 s each.
  seconds: 7.5,
  clientMemoryMb: 512,
  agentMemoryMb: 2_048,
  isolation: 'shared',
  coldShare: 0,
});

export interface PlanRow {
  readonly component: string;
  readonly plan: string;
  readonly oursUsd: number;
  readonly why: string;
}

/** @returns each of the plan's figures beside ours under its own assumptions, with what was off. */
export function comparePlan(): PlanRow[] {
  const { components, totalUsd } = billOf(PLAN_WORKLOAD);
  const warm = billOf({ ...PLAN_WORKLOAD, provisionedConcurrency: 1 }).components;
  const of = (component: string): number => components.get(component) ?? 0;
  return [
    {
      component: 'sdk-client Lambda',
      plan: '$2-3',
      oursUsd: of('sdk-client Lambda'),
      why: 'too low: it waits for the agent all the time, so it pays for it; 256 MB bring it down to the plan’s figure',
    },
    {
      component: 'agent-container Lambda',
      plan: '~$20',
      oursUsd: of('agent-container Lambda'),
      why: 'holds for 7.5 s each at 2 GB and without cold starts, which are billed since August 2025',
    },
    {
      component: 'API Gateway (2)',
      plan: '~$2',
      oursUsd: of('API Gateway (2)'),
      why: 'too high: $1 and $3.50 are for a million requests',
    },
    {
      component: 'S3',
      plan: '$0.023/GB',
      oursUsd: of('S3'),
      why: 'the price of storing holds, but each message also pays its requests',
    },
    {
      component: 'DynamoDB',
      plan: '~$0',
      oursUsd: of('DynamoDB'),
      why: 'too low: the lease that keeps two runs of a session apart is renewed every second',
    },
    {
      component: 'SQS',
      plan: 'not named',
      oursUsd: of('SQS'),
      why: 'without it, a message that was confirmed to Telegram could be lost',
    },
    {
      component: 'Secrets Manager',
      plan: 'not named',
      oursUsd: of('Secrets Manager'),
      why: '$0.40 a secret, also when nobody writes',
    },
    {
      component: 'CloudWatch and X-Ray',
      plan: 'not named',
      oursUsd: of('CloudWatch and X-Ray'),
      why: 'alarms, measurements, logs and traces',
    },
    {
      component: 'one warm environment',
      plan: '$15 (1), $30 (2)',
      oursUsd: warm.get('provisioned concurrency') ?? 0,
      why: 'a little more at 2 GB, twice that at 4 GB; and it excludes tenant isolation',
    },
    { component: 'total', plan: '$25-30', oursUsd: totalUsd, why: 'without the model' },
  ];
}
