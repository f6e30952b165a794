import type { BlowKind, Evidence } from './evidence.ts';
import type { ChaosSystem } from './system.ts';

const TIERS = ['webhook', 'agent', 'worker'];

/** @returns how often each kind of harm was done that the test promises to do. */
export function harmDone({ calls, blows }: Evidence, system: ChaosSystem): [string, number][] {
  const blown = (kind: BlowKind, tier: string): number =>
    blows.filter((blow) => blow.kind === kind && blow.process.startsWith(tier)).length;
  const { doubled, overtaken } = system.telegram.deliveryFaults();
  return [
    ...TIERS.map((tier): [string, number] => [`kills of ${tier}s`, blown('kill', tier)]),
    ...TIERS.map((tier): [string, number] => [`freezes of ${tier}s`, blown('freeze', tier)]),
    ['updates delivered again', doubled],
    ['updates delivered after a later one', overtaken],
    ['calls to Telegram not carried out', calls.filter((call) => !call.isCarriedOut).length],
    ['answers of Telegram lost', calls.filter((call) => call.isAnswerLost).length],
    ['connections to agents cut', system.proxy.cuts()],
    ['calls to stores failed', system.storeFaults()],
  ];
}
