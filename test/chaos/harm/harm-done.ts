import type { BlowKind, Evidence } from '../evidence/evidence.ts';
import type { ChaosSystem } from '../surroundings/system.ts';

const TIERS = ['webhook', 'agent', 'worker'];

/**
 * @param hasRealAgents whether there are CLIs.
 * @returns how often each kind of harm was done that the test promises to do.
 */
export function harmDone(
  { calls, blows, asks, storeFailures }: Evidence,
  system: ChaosSystem,
  hasRealAgents: boolean,
): [string, number][] {
  const blown = (kind: BlowKind, tier: string): number =>
    blows.filter((blow) => blow.kind === kind && blow.process.startsWith(tier)).length;
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
