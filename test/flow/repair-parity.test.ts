import fc from 'fast-check';
import { expect, it } from 'vitest';
import { repairTranscript } from '@omnicloud/agent-container/internal/session/transcript/repair-transcript.ts';
import { anyDamagedTranscript, wordsOf } from './damaged-transcript.fixture.ts';
import { useCliMachines } from './cli-machine.fixture.ts';

const cli = useCliMachines();

/** Each costs two starts of the CLI. */
const CASES = 10;
/** The same ones in every run: what they cost is bounded, and a failure is seen again. */
const SEED = 20_261_129;

it('Of a damaged conversation the model is sent all that the CLI alone would have sent, and it is accepted', async () => {
  const damaged = fc
    .sample(anyDamagedTranscript, { numRuns: 40 * CASES, seed: SEED })
    .map((text) => ({ text, repair: repairTranscript(Buffer.from(text)) }))
    // What is left as it is needs no comparison.
    .filter(({ repair }) => repair.kind !== 'sound')
    .slice(0, CASES);
  expect(damaged).toHaveLength(CASES);
  let compared = 0;
  const compare = async ({ text, repair }: (typeof damaged)[number]): Promise<void> => {
    const before = wordsOf((await cli.told(Buffer.from(text))) ?? '');
    compared += before.length;
    const after = repair.kind === 'repaired' ? wordsOf((await cli.told(repair.transcript)) ?? '') : [];
    expect({ text, missing: before.filter((word) => !after.includes(word)) }).toEqual({ text, missing: [] });
  };
  const waiting = damaged.values();
  const inTurn = async (): Promise<void> => {
    for (const each of waiting) await compare(each);
  };
  await Promise.all([inTurn(), inTurn()]);
  expect(compared).toBeGreaterThan(3 * CASES);
}, 240_000);
