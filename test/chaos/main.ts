// npm run test:chaos [-- --turns 300 --sessions 30 --real 8 --store aws --slower 3|production --harm damage,disk,clock,overload --seed … --keep]: nothing is lost and nothing doubled, whatever is killed
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { inspect, parseArgs } from 'node:util';
import { type AwsStores, openAwsServers } from './surroundings/aws-servers.ts';
import { check } from './checker/checker.ts';
import { ownEnvironment } from './processes/config.ts';
import type { Evidence } from './evidence/evidence.ts';
import { readHarms } from './harm/harms.ts';
import { harmDone } from './harm/harm-done.ts';
import { figures } from './evidence/figures.ts';
import { machineSlowness } from './surroundings/machine.ts';
import { Random } from './surroundings/random.ts';
import { runMutants } from './mutants/run-mutants.ts';
import { runChaos, sessionsOf, type Size } from './run-chaos.ts';
import { type ChaosSystem, startSystem } from './surroundings/system.ts';
import { showViolation } from './evidence/show-violation.ts';
import { BURST_PATIENCE } from './talk/burst.ts';
import { peopleOf } from './talk/places.ts';
import { tempoOf } from './surroundings/tempo.ts';
import type { Rule } from './checker/verdict.ts';

const MAX_TURNS = 10_000;
/** On a machine that is still slower, people do not wait for longer. */
const MOST_SLOWED_DOWN = 5;
const DEFAULT_TURNS = 300;
/** So many violations of a rule are shown with what Telegram and the model saw. */
const SHOWN_VIOLATIONS = 5;
const RULES: readonly Rule[] = [
  'answered exactly once',
  'order',
  'one writer',
  'context',
  'nothing stuck',
  'explained',
  'no mark left',
  'stop obeyed',
];

const { values } = parseArgs({
  options: {
    turns: { type: 'string', default: String(DEFAULT_TURNS) },
    sessions: { type: 'string', default: '30' },
    real: { type: 'string', default: '8' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_007) },
    store: { type: 'string', default: 'embedded' },
    slower: { type: 'string', default: '1' },
    mutants: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    harm: { type: 'string', default: '' },
    keep: { type: 'boolean', default: false },
  },
});
if (values.store !== 'embedded' && values.store !== 'aws')
  throw new RangeError('--store must be embedded or aws');
const HARMS_ASKED = readHarms(values.harm);
const slowness = await machineSlowness();
const size: Size = {
  turns: amount('turns', values.turns, MAX_TURNS),
  sessions: amount('sessions', values.sessions, MAX_TURNS),
  real: amount('real', values.real, MAX_TURNS),
  // People ask as fast as this machine can follow.
  longestPauseMs: 20_000 * Math.min(slowness, MOST_SLOWED_DOWN),
  isPatient: false,
  commandShare: 0.06,
  stopShare: 0.04,
  damageShare: HARMS_ASKED.has('damage') ? 0.02 : 0,
  hasBlows: true,
  harms: HARMS_ASKED,
  patience: 2,
};
const SIDES = 2;
const asked = tempoOf({ name: values.slower, slowness }, values.store);
const patience = HARMS_ASKED.has('overload') ? BURST_PATIENCE : 1;
const tempo = { ...asked, stuckMs: asked.stuckMs * patience };
const MANNER = { longShare: 0.1, thinkingMs: 250, longThoughtMs: tempo.leaseMs * 3 };
if (size.real >= size.sessions) throw new RangeError('--real must be less than --sessions');

const root = await mkdtemp(join(tmpdir(), 'omnicloud-chaos-'));
const interrupted = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.once(name, () => interrupted.abort(new Error(`Ended by ${name}`)));
const log = createWriteStream(join(root, 'harness.log'));
const onError = (error: unknown): void => void log.write(`${new Date().toISOString()} ${inspect(error)}\n`);
let aws: AwsStores | undefined;
let system: ChaosSystem | undefined;
// Whatever ends this process, its children must not outlive it.
process.on('exit', () => system?.endNow());

const startedAtMs = Date.now();
const stalls = monitorEventLoopDelay();
stalls.enable();
try {
  if (values.mutants) await judgeMutants();
  else await judgeSystem();
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await system?.close();
  await aws?.close();
  log.end();
  if (values.keep) console.log(`kept: ${root}`);
  else await rm(root, { recursive: true, force: true });
}

async function judgeMutants(): Promise<void> {
  const { seed, only } = values;
  const wrong = await runMutants({ root, seed, only, tempo, onError, signal: interrupted.signal });
  console.log(`${Math.round((Date.now() - startedAtMs) / 1000)} seconds`);
  if (wrong > 0) process.exitCode = 1;
}

async function judgeSystem(): Promise<void> {
  const { turns, sessions, real } = size;
  console.log(
    `seed ${values.seed}: ${turns} turns in ${sessions} sessions, ${real} of them real; ${values.store} stores`,
  );
  console.log(
    `this machine is ${slowness.toFixed(1)} times slower than a quiet one; a lease is ${tempo.leaseMs} ms`,
  );
  const random = new Random(values.seed);
  // Stores of others remember the chats of earlier runs.
  const idsFrom = values.store === 'aws' ? Date.now() : 0;
  if (values.store === 'aws') aws = await openAwsServers(random.fork('stores'), ownEnvironment());
  const people = peopleOf(sessionsOf(size), idsFrom);
  system = await startSystem({
    root,
    people,
    idsFrom,
    aws,
    tempo,
    sides: SIDES,
    manner: MANNER,
    random,
    onError,
  });
  report(await runChaos(size, { system, random, signal: interrupted.signal }), system);
}

function report(evidence: Evidence, ran: ChaosSystem): void {
  const verdict = check(evidence);
  for (const [name, value] of figures(evidence, verdict)) console.log(`${name.padEnd(36)} ${value}`);
  const harm = harmDone(evidence, ran, { hasRealAgents: size.real > 0, harms: HARMS_ASKED });
  for (const [name, value] of harm) console.log(`${name.padEnd(36)} ${value}`);
  console.log(`${'seconds'.padEnd(36)} ${Math.round((Date.now() - startedAtMs) / 1000)}`);
  // On a machine that is busy with other things, the time limits say nothing.
  console.log(`${'longest stall of this machine in ms'.padEnd(36)} ${Math.round(stalls.max / 1e6)}`);
  const failed = RULES.filter((rule) => {
    const violations = verdict.violations.filter((violation) => violation.rule === rule);
    console.log(`${violations.length === 0 ? 'ok  ' : 'FAIL'} ${rule}`);
    for (const violation of violations.slice(0, SHOWN_VIOLATIONS)) showViolation(violation, evidence);
    return violations.length > 0;
  });
  if (values.keep)
    for (const [token, { kind }] of verdict.outcomes)
      if (kind === 'told')
        showViolation({ rule: 'answered exactly once', token, what: 'given up' }, evidence);
  // What was never done proves nothing.
  const undone = harm.filter(([, value]) => value === 0).map(([name]) => name);
  const isTooTame = undone.length > 0;
  const none = `FAIL harm done, but no ${undone.join(', no ')}: so few turns prove nothing`;
  console.log(isTooTame ? none : 'ok   harm done');
  const failures = failed.length + (isTooTame ? 1 : 0);
  if (failures > 0) {
    const { turns, sessions, real } = size;
    const options = `--seed ${values.seed} --turns ${turns} --sessions ${sessions} --real ${real}`;
    const where = `--store ${values.store} --slower ${values.slower} --harm ${[...HARMS_ASKED].join(',')}`;
    console.log(`again with: npm run test:chaos -- ${options} ${where} --keep`);
    process.exitCode = 1;
  }
  console.log(`${RULES.length + 1 - failures} passed, ${failures} failed`);
}

function amount(name: string, text: string, max: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > max)
    throw new RangeError(`--${name} must be an integer from 0 to ${max}`);
  return value;
}
