import { expect, it } from 'vitest';
import { costReport } from './cost-report.ts';
import { readWorkload, WorkloadError } from './read-workload.ts';

it('reads what was asked for, and fills in the rest', () => {
  expect(
    readWorkload({ messages: '5000', seconds: '60', isolation: 'shared', provisioned: '1' }),
  ).toMatchObject({
    messages: 5_000,
    seconds: 60,
    provisionedConcurrency: 1,
    coldShare: 0.1,
    agentMemoryMb: 2_048,
  });
});

it('names every option that is wrong, and what cannot be had together', () => {
  expect(() => readWorkload({ messages: 'many', seconds: '901' })).toThrow(WorkloadError);
  expect(() => readWorkload({ messages: 'many', seconds: '901' })).toThrow(/--messages.*\n--seconds/);
  expect(() => readWorkload({ provisioned: '1' })).toThrow('--isolation shared');
});

it('prints each component, each switch and each figure of the plan', () => {
  const report = costReport(readWorkload({ messages: '100000', seconds: '8' }));
  for (const part of [
    'agent-container Lambda',
    'tenant isolation',
    'streaming off',
    '$25-30',
    'Not verified',
  ]) {
    expect(report).toContain(part);
  }
});
