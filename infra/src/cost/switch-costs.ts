import { billOf } from './bill.ts';
import type { Workload } from './workload.ts';

export interface SwitchCost {
  readonly name: string;
  /** More than without it, in dollars a month. */
  readonly moreUsd: number;
  readonly note: string;
}

/** @returns what turning each switch another way does to a month's bill. */
export function switchCosts(load: Workload): SwitchCost[] {
  const shared: Workload = { ...load, isolation: 'shared', coldShare: Math.min(load.coldShare, 0.1) };
  const turned: [string, Workload, string][] = [
    ['memory 3008 MB', { ...load, agentMemoryMb: 3_008 }, 'the most that a new account may have'],
    ['memory 4096 MB', { ...load, agentMemoryMb: 4_096 }, 'for large builds in the workspace'],
    ['client memory 512 MB', { ...load, clientMemoryMb: 512 }, 'the plan’s; nothing needs it'],
    ['isolation shared', shared, 'fewer cold starts, but conversations share environments'],
    [
      'provisioned concurrency 1',
      { ...shared, provisionedConcurrency: 1 },
      'with isolation shared; no cold start for one at a time',
    ],
    ['provisioned concurrency 2', { ...shared, provisionedConcurrency: 2 }, 'the same for two'],
    [
      'streaming off',
      { ...load, streaming: false },
      'an HTTP API, which ends every answer after 30 s: not offered',
    ],
  ];
  const { totalUsd } = billOf(load);
  return turned.map(([name, other, note]) => ({ name, moreUsd: billOf(other).totalUsd - totalUsd, note }));
}
