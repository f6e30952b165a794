import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { billOf } from './bill.ts';
import { comparePlan } from './plan-estimate.ts';
import { PRICE_NAMES, priceOf, PRICES_AS_OF } from './prices.ts';
import { switchCosts } from './switch-costs.ts';
import { workload } from './workload.ts';

it('has a dated price with a source for everything that it reckons with', () => {
  expect(PRICES_AS_OF).toMatch(/^\d{4}-\d{2}-\d{2}$/);
  for (const name of PRICE_NAMES) expect(priceOf(name).source).toMatch(/^https:|^AWS Price List|^x86/);
});

describe('a bill', () => {
  it('is what Lambda’s price list makes of the agent’s seconds', () => {
    const { components } = billOf(workload({ messages: 100_000, seconds: 8, agentMemoryMb: 2_048 }));
    // 100,000 × 8 s × 2 GB at $0.0000133334, and $0.02 for the requests, $0.037 for the disk.
    expect(components.get('agent-container Lambda')).toBeCloseTo(21.39, 2);
  });

  it('is what stands there, when nobody writes', () => {
    const { components, totalUsd } = billOf(workload({ messages: 0, freeTier: true, storedGb: 0 }));
    expect(components.get('agent-container Lambda')).toBe(0);
    // Four secrets, the image, three measurements and fifteen alarms more than are free, and the polls of two queues.
    expect(totalUsd).toBeCloseTo(1.6 + 0.04 + 0.9 + 1.5 + 0.16, 2);
  });

  it('never falls with more messages, more seconds or more memory', () => {
    const load = fc.record({
      messages: fc.nat(1_000_000),
      seconds: fc.integer({ min: 1, max: 900 }),
      agentMemoryMb: fc.integer({ min: 1_024, max: 10_240 }),
      freeTier: fc.boolean(),
    });
    fc.assert(
      fc.property(
        load,
        fc.constantFrom('messages', 'seconds', 'agentMemoryMb'),
        fc.nat(900),
        (given, which, more) => {
          const before = billOf(workload(given)).totalUsd;
          const after = billOf(workload({ ...given, [which]: given[which] + more })).totalUsd;
          expect(after).toBeGreaterThanOrEqual(before - 1e-9);
        },
      ),
    );
  });

  it('adds the model’s own bill', () => {
    const load = workload({ messages: 1_000 });
    expect(billOf({ ...load, modelUsd: 0.05 }).totalUsd - billOf(load).totalUsd).toBeCloseTo(50, 6);
  });
});

describe('the plan’s section 8', () => {
  const rows = new Map(comparePlan().map((row) => [row.component, row]));

  it('is met under its own assumptions where it holds', () => {
    expect(rows.get('agent-container Lambda')?.oursUsd).toBeCloseTo(20, 0);
    const warmUsd = rows.get('one warm environment')?.oursUsd ?? 0;
    expect(warmUsd).toBeGreaterThan(15);
    expect(warmUsd).toBeLessThan(20);
  });

  it('is told where it was off', () => {
    expect(rows.get('sdk-client Lambda')?.oursUsd).toBeGreaterThan(3);
    expect(rows.get('API Gateway (2)')?.oursUsd).toBeLessThan(1);
    expect(rows.get('DynamoDB')?.oursUsd).toBeGreaterThan(1);
    for (const { why } of rows.values()) expect(why).not.toBe('');
  });

  it('is met for the sdk-client with the memory that it is really given', () => {
    const { components } = billOf(workload({ seconds: 7.5, clientMemoryMb: 256 }));
    expect(components.get('sdk-client Lambda')).toBeGreaterThan(2);
    expect(components.get('sdk-client Lambda')).toBeLessThan(3);
  });
});

it('says of every switch what it costs', () => {
  const costs = new Map(switchCosts(workload()).map(({ name, moreUsd }) => [name, moreUsd]));
  expect(costs.get('memory 4096 MB')).toBeGreaterThan(costs.get('memory 3008 MB') ?? Infinity);
  expect(costs.get('streaming off')).toBeCloseTo(-0.25, 6);
  expect(costs.get('isolation shared')).toBeLessThan(0);
  const [one = 0, two = 0] = [1, 2].map((n) => costs.get(`provisioned concurrency ${n}`));
  expect(two - one).toBeCloseTo(17.52, 2);
});
