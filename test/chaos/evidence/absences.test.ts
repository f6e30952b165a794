import { expect, it } from 'vitest';
import { absencesOf, coveredMs } from './absences.ts';
import type { Life } from './evidence.ts';

const life = (process: string, fromMs: number, untilMs = Infinity): Life => ({ process, fromMs, untilMs });

it('A tier is absent while none of its processes is alive', () => {
  const others = [life('webhook#1', 0), life('agent-1#1', 0)];
  const workers = (...lives: Life[]): unknown => absencesOf([...others, ...lives], 100, 10_000);
  expect(workers(life('worker-1#1', 90))).toEqual([]);
  expect(workers(life('worker-1#1', 90, 2_000), life('worker-1#2', 3_000))).toEqual([
    { fromMs: 2_000, untilMs: 3_000 },
  ]);
  const other = life('worker-2#1', 80, 2_500);
  expect(workers(life('worker-1#1', 90, 2_000), other, life('worker-1#2', 3_000))).toEqual([
    { fromMs: 2_500, untilMs: 3_000 },
  ]);
  expect(workers(life('worker-1#1', 90, 9_000))).toEqual([{ fromMs: 9_000, untilMs: 10_000 }]);
});

it('Moments that several spans cover are counted once', () => {
  const spans = [
    { fromMs: 5, untilMs: 15 },
    { fromMs: 0, untilMs: 10 },
    { fromMs: 40, untilMs: 50 },
  ];
  expect(coveredMs(spans, { fromMs: 2, untilMs: 45 })).toBe(18);
  expect(coveredMs(spans, { fromMs: 20, untilMs: 30 })).toBe(0);
});
