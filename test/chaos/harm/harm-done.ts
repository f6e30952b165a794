import { stopsAtWork } from '../checker/stops/check-stops.ts';
import { askedAtOnce } from '../talk/burst.ts';
import type { Harm } from './harms.ts';
import type { BlowKind, Evidence } from '../evidence/evidence.ts';
import type { ChaosSystem } from '../surroundings/system.ts';

const TIERS = ['webhook', 'agent', 'worker'];

/** What this run is to do. */
interface Promised {
  /** Whether there are CLIs. */
  readonly hasRealAgents: boolean;
  readonly harms: ReadonlySet<Harm>;
}

/**
 * @returns how often each kind of harm was done that the test promises to do.
 */
export function harmDone(
  evidence: Evidence,
  system: ChaosSystem,
  { hasRealAgents, harms }: Promised,
): [string, number][] {
  const { calls, blows, asks, storeFailures } = evidence;
  const blown = (kind: BlowKind, tier: string): number =>
    blows.filter((blow) => blow.kind === kind && blow.process.startsWith(tier)).length;
  const asked = (harm: Harm, what: string, count: number): [string, number][] =>
    harms.has(harm) ? [[what, count]] : [];
  const { doubled, overtaken } = system.telegram.deliveryFaults();
  return [
    ...TIERS.map((tier): [string, number] => [`kills of ${tier}s`, blown('kill', tier)]),
    ...TIERS.map((tier): [string, number] => [`freezes of ${tier}s`, blown('freeze', tier)]),
    ...(hasRealAgents ? [['kills of CLIs', blown('kill', 'cli')] as [string, number]] : []),
    ['kills of everything at once', killsOfAll(blows, system.processes.length)],
    ['updates delivered again', doubled],
    ['updates delivered after a later one', overtaken],
    ['calls to Telegram not carried out', calls.filter((call) => !call.isCarriedOut).length],
    ['answers of Telegram lost', calls.filter((call) => call.isAnswerLost).length],
    ['connections to agents cut', asks.filter(({ ending }) => ending === 'cut').length],
    ['calls to stores failed', storeFailures.length],
    ['requests that the model failed at', evidence.modelFailures.length],
    ...asked('damage', 'stored conversations damaged', evidence.damages.length),
    ...asked('disk', 'disks full for a while', blown('disk full', '')),
    ...asked('clock', 'clocks set', blown('clock set', '')),
    ...asked('overload', 'conversations asked in at once', askedAtOnce(evidence.questions)),
    ['stops while the model worked', stopsAtWork(evidence).length],
  ];
}

/** Kills this close to one another are one blow, in ms. */
const AT_ONCE_MS = 100;

function killsOfAll(blows: Evidence['blows'], processes: number): number {
  const kills = blows.filter(({ kind, process }) => kind === 'kill' && !process.startsWith('cli'));
  const firsts = kills.filter(({ process }) => process.startsWith('webhook'));
  return firsts.filter(({ atMs }) => {
    const together = kills.filter((kill) => Math.abs(kill.atMs - atMs) < AT_ONCE_MS);
    return new Set(together.map(({ process }) => process)).size === processes;
  }).length;
}
