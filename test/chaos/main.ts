// npm run test:chaos [-- --turns 300 --sessions 30 --real 2 --seed …]: nothing is lost and nothing doubled, whatever is killed
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { check } from './checker.ts';
import type { Evidence } from './evidence.ts';
import { figures } from './figures.ts';
import { Random } from './random.ts';
import { peopleOf, runChaos, type Size } from './run-chaos.ts';
import { type ChaosSystem, startSystem } from './system.ts';
import { showViolation } from './show-violation.ts';
import type { Rule } from './verdict.ts';

const MAX_TURNS = 10_000;
/** So many violations of a rule are shown with what Telegram and the model saw. */
const SHOWN_VIOLATIONS = 5;
const RULES: readonly Rule[] = ['answered exactly once', 'order', 'one writer', 'context', 'nothing stuck'];

const { values } = parseArgs({
  options: {
    turns: { type: 'string', default: '300' },
    sessions: { type: 'string', default: '30' },
    real: { type: 'string', default: '2' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_007) },
    keep: { type: 'boolean', default: false },
  },
});
const size: Size = {
  turns: amount('turns', values.turns, MAX_TURNS),
  sessions: amount('sessions', values.sessions, MAX_TURNS),
  real: amount('real', values.real, MAX_TURNS),
};
if (size.real >= size.sessions) throw new RangeError('--real must be less than --sessions');

const root = await mkdtemp(join(tmpdir(), 'omnicloud-chaos-'));
const interrupted = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.once(name, () => interrupted.abort(new Error(`Ended by ${name}`)));
const errors: unknown[] = [];
let system: ChaosSystem | undefined;
// Whatever ends this process, its children must not outlive it.
process.on('exit', () => system?.endNow());

console.log(
  `seed ${values.seed}: ${size.turns} turns in ${size.sessions} sessions, ${size.real} of them real`,
);
const startedAtMs = Date.now();
try {
  const random = new Random(values.seed);
  system = await startSystem(root, peopleOf(size), random, (error) => void errors.push(error));
  const evidence = await runChaos(size, system, random, interrupted.signal);
  report(evidence);
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await system?.close();
  if (values.keep) console.log(`kept: ${root}`);
  else await rm(root, { recursive: true, force: true });
}

function report(evidence: Evidence): void {
  const verdict = check(evidence);
  for (const [name, value] of figures(evidence, verdict)) console.log(`${name.padEnd(36)} ${value}`);
  console.log(`${'connections to agents cut'.padEnd(36)} ${system?.proxy.cuts() ?? 0}`);
  console.log(`${'seconds'.padEnd(36)} ${Math.round((Date.now() - startedAtMs) / 1000)}`);
  const failed = RULES.filter((rule) => {
    const violations = verdict.violations.filter((violation) => violation.rule === rule);
    console.log(`${violations.length === 0 ? 'ok  ' : 'FAIL'} ${rule}`);
    for (const violation of violations.slice(0, SHOWN_VIOLATIONS)) showViolation(violation, evidence);
    return violations.length > 0;
  });
  if (failed.length > 0) {
    console.log(`again with: npm run test:chaos -- --seed ${values.seed} --turns ${size.turns} --keep`);
    process.exitCode = 1;
  }
  console.log(`${RULES.length - failed.length} passed, ${failed.length} failed`);
}

function amount(name: string, text: string, max: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > max)
    throw new RangeError(`--${name} must be an integer from 0 to ${max}`);
  return value;
}
