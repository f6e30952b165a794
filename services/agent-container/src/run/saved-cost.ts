import { open } from 'node:fs/promises';
import { z } from 'zod';

const costState = z.looseObject({ type: z.literal('cost-state'), totalCostUSD: z.number().min(0) });

const COST_LINE = '{"type":"cost-state"';
/** As it stands behind the line before it. */
const COST_LINE_BEGINS = Buffer.from(`\n${COST_LINE}`);
/** What is read at once, from the end: a turn is smaller as a rule, and a transcript may be 100 MB. In bytes. */
const BLOCK_BYTES = 1024 * 1024;
/** Of a cost line, which has one short object for each model. In bytes. */
const COST_LINE_LIMIT_BYTES = 64 * 1024;
/** Lines that begin like one and are none; a CLI writes none. */
const MAX_FALSE_LINES = 1_000;

/**
 * The CLI counts cost over the whole session: a resumed run starts from the total its transcript saved (`cost-state`, last one).
 * The lines are not parsed: only where one begins is looked for, in blocks from the end, however long the lines are.
 * @returns that total in USD, 0 when there is none.
 */
export async function savedCostUsd(transcript: string): Promise<number> {
  const file = await open(transcript);
  try {
    const { size } = await file.stat();
    const block = Buffer.alloc(Math.min(size, BLOCK_BYTES + COST_LINE_LIMIT_BYTES));
    let falseLines = 0;
    for (let end = size; end > 0; end -= BLOCK_BYTES) {
      const start = Math.max(0, end - BLOCK_BYTES);
      // Also what follows: a line that begins here may end there.
      const { bytesRead } = await file.read(block, 0, Math.min(block.byteLength, size - start), start);
      for (const line of costLines(block.subarray(0, bytesRead), end - start, start === 0)) {
        const costUsd = costOf(line);
        if (costUsd !== undefined) return costUsd;
        falseLines += 1;
        if (falseLines > MAX_FALSE_LINES) return 0;
      }
    }
    return 0;
  } finally {
    await file.close();
  }
}

/**
 * @param beginBefore where in the block the lines have begun that are asked for.
 * @returns the lines that begin like a cost, the last one first.
 */
function* costLines(
  block: Buffer,
  beginBefore: number,
  isFirst: boolean,
): Generator<Buffer, void, undefined> {
  for (let from = beginBefore; from > 0;) {
    const at = block.lastIndexOf(COST_LINE_BEGINS, from - 1);
    if (at === -1) break;
    yield lineAt(block, at + 1);
    from = at;
  }
  if (isFirst && block.indexOf(COST_LINE) === 0) yield lineAt(block, 0);
}

function lineAt(block: Buffer, start: number): Buffer {
  const most = block.subarray(start, start + COST_LINE_LIMIT_BYTES);
  const end = most.indexOf('\n');
  return end === -1 ? most : most.subarray(0, end);
}

/** @returns undefined when the line is cut off, or no cost that the CLI writes. */
function costOf(line: Buffer): number | undefined {
  try {
    return costState.safeParse(JSON.parse(line.toString('utf8'))).data?.totalCostUSD;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
