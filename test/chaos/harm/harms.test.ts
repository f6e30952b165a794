import { expect, it } from 'vitest';
import { soundRun } from '../evidence/evidence.fixture.ts';
import { Random } from '../surroundings/random.ts';
import { askedAtOnce, BURST_CHATS } from '../talk/burst.ts';
import { readHarms } from './harms.ts';
import { ModelFaults } from './model-faults.ts';

it('Harms are asked for by their names', () => {
  expect([...readHarms('clock,disk')]).toEqual(['clock', 'disk']);
  expect(readHarms('').size).toBe(0);
  expect(() => readHarms('disk,fire')).toThrow(/not fire/);
});

it('A burst is one only when so many conversations are asked in at one moment', () => {
  const { questions } = soundRun(['a']);
  const [question] = questions;
  if (!question) throw new Error('Nothing was asked');
  const asking = (chats: number): typeof questions =>
    Array.from({ length: chats }, (_, index) => ({ ...question, session: `${index}:0` }));
  expect(askedAtOnce(asking(BURST_CHATS))).toBe(BURST_CHATS);
  expect(askedAtOnce(asking(BURST_CHATS - 1))).toBe(0);
  expect(askedAtOnce(Array.from({ length: BURST_CHATS }, () => question))).toBe(0);
});

it('The model fails also in a small run, at few questions, and answers each of them in the end', () => {
  const asked = (seed: string): { readonly failed: number; readonly tries: number } => {
    const faults = new ModelFaults(new Random(seed));
    let tries = 0;
    for (let question = 0; question < 20; question += 1)
      for (tries += 1; faults.faultOf([`q${question}`]) !== undefined; tries += 1);
    return { failed: faults.failures.length, tries };
  };
  for (const seed of ['a', 'b', 'c', 'd', 'e']) {
    const { failed, tries } = asked(seed);
    expect(failed).toBeGreaterThan(0);
    expect(failed).toBeLessThan(12);
    expect(tries).toBe(20 + failed);
    expect(asked(seed)).toEqual({ failed, tries });
  }
});
