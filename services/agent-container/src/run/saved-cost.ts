import { readFile } from 'node:fs/promises';
import { z } from 'zod';

const costState = z.looseObject({ type: z.literal('cost-state'), totalCostUSD: z.number().min(0) });

/**
 * The CLI counts cost over the whole session: a resumed run starts from the total its transcript saved (`cost-state`, last one).
 * @returns that total in USD, 0 when there is none.
 */
export async function savedCostUsd(transcript: string): Promise<number> {
  const lines = (await readFile(transcript, 'utf8')).split('\n');
  const last = lines.findLast((line) => line.startsWith('{"type":"cost-state"'));
  if (last === undefined) return 0;
  const parsed = costState.safeParse(JSON.parse(last));
  return parsed.success ? parsed.data.totalCostUSD : 0;
}
