import { z } from 'zod';
import file from './prices.json' with { type: 'json' };

const priceSchema = z.object({
  usd: z.number().positive(),
  unit: z.string(),
  source: z.string(),
  /** False for what was not read from a source of this year. */
  verified: z.boolean().default(true),
});
export type Price = z.output<typeof priceSchema>;
export type PriceName = keyof typeof file.prices;

/** When the prices were looked up, and where they hold. */
export const PRICES_AS_OF = file.asOf;
export const PRICES_REGION = file.region;

const prices = z.record(z.string(), priceSchema).parse(file.prices);
const free: Partial<Record<string, number>> = file.free;

export const PRICE_NAMES = Object.keys(prices) as readonly PriceName[];

/** @throws RangeError for a name that the file does not have. */
export function priceOf(name: PriceName): Price {
  const price = prices[name];
  if (price === undefined) throw new RangeError(`There is no price ${name}`);
  return price;
}

/** @returns how many units of it are free each month, for ever. */
export function freeUnits(name: PriceName): number {
  return free[name] ?? 0;
}
