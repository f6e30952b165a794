import { expect, it } from 'vitest';
import { tempoOf } from './tempo.ts';

it('The time limits follow the machine, and never fall below what is asked for', () => {
  const leaseMs = (name: string, slowness: number): number => tempoOf({ name, slowness }, 'embedded').leaseMs;
  expect(leaseMs('1', 1)).toBe(2_000);
  expect(leaseMs('2', 1)).toBe(4_000);
  expect(leaseMs('1', 3)).toBe(6_000);
  expect(leaseMs('2', 1.5)).toBe(4_000);
  expect(leaseMs('1', 100)).toBe(10_000);
  expect(leaseMs('production', 3)).toBe(15_000);
});

it('A question is stuck after a time that the machine makes longer, up to ten times', () => {
  const stuckMs = (name: string, slowness: number): number => tempoOf({ name, slowness }, 'embedded').stuckMs;
  expect(stuckMs('1', 1)).toBe(30_000);
  expect(stuckMs('2', 8)).toBe(240_000);
  expect(stuckMs('1', 100)).toBe(300_000);
  expect(stuckMs('production', 2)).toBe(480_000);
});

it('The pauses between two blows grow with the other limits, so that a turn is hit as often as before', () => {
  const pause = (name: string, slowness: number): { min: number; max: number } =>
    tempoOf({ name, slowness }, 'embedded').blowPauseMs;
  expect(pause('1', 1)).toEqual({ min: 1_500, max: 5_500 });
  expect(pause('1', 3)).toEqual({ min: 4_500, max: 16_500 });
  expect(pause('2', 1)).toEqual({ min: 3_000, max: 11_000 });
});

it('Anything else is refused', () => {
  for (const name of ['0', '11', 'fast'])
    expect(() => tempoOf({ name, slowness: 1 }, 'embedded')).toThrow(RangeError);
});

it('They are whole milliseconds on a machine of any speed: no store takes a part of one', () => {
  for (const name of ['1', '2', 'production']) {
    const { blowPauseMs, ...limits } = tempoOf({ name, slowness: 2.3456789 }, 'embedded');
    for (const ms of [...Object.values(limits), ...Object.values(blowPauseMs)])
      expect(Number.isInteger(ms)).toBe(true);
  }
});
