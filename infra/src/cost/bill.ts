// units → less what is free → dollars, by component
import { freeUnits, type PriceName, priceOf } from './prices.ts';
import { type Usage, usageOf } from './usage.ts';
import type { Workload } from './workload.ts';

/** Dollars a month by component, in the order of the message's way; the total is their sum and the model's. */
export interface Bill {
  readonly components: ReadonlyMap<string, number>;
  readonly modelUsd: number;
  readonly totalUsd: number;
}

export function billOf(load: Workload): Bill {
  const usage = usageOf(load);
  const components = new Map<string, number>();
  for (const each of usage) {
    const usd = payable(each, usage, load.freeTier) * priceOf(each.price).usd;
    components.set(each.component, (components.get(each.component) ?? 0) + usd);
  }
  const modelUsd = load.messages * load.modelUsd;
  const totalUsd = [...components.values()].reduce((sum, usd) => sum + usd, modelUsd);
  return { components, modelUsd, totalUsd };
}

/** What is free is shared by all that use it, in proportion. */
function payable({ price, units }: Usage, usage: readonly Usage[], hasFreeTier: boolean): number {
  if (!hasFreeTier) return units;
  const all = totalUnits(usage, price);
  return all === 0 ? 0 : units * (Math.max(0, all - freeUnits(price)) / all);
}

function totalUnits(usage: readonly Usage[], price: PriceName): number {
  return usage.filter((each) => each.price === price).reduce((sum, { units }) => sum + units, 0);
}
