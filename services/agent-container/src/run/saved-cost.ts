import { type FileHandle, open } from 'node:fs/promises';
import { z } from 'zod';
import { linePieces } from '../session/line-pieces.ts';

const costState = z.looseObject({ type: z.literal('cost-state'), totalCostUSD: z.number().min(0) });

const COST_LINE = '{"type":"cost-state"';
/** What is read at once, from the end: a turn is smaller as a rule, and a transcript may be 100 MB. In bytes. */
const BLOCK_BYTES = 1024 * 1024;

/**
 * The CLI counts cost over the whole session: a resumed run starts from the total its transcript saved (`cost-state`, last one).
 * @returns that total in USD, 0 when there is none.
 */
export async function savedCostUsd(transcript: string): Promise<number> {
  const last = await lastCostLine(transcript);
  if (last === undefined) return 0;
  const parsed = costState.safeParse(JSON.parse(last));
  return parsed.success ? parsed.data.totalCostUSD : 0;
}

async function lastCostLine(path: string): Promise<string | undefined> {
  const file = await open(path);
  try {
    let { size: end } = await file.stat();
    // The beginning of the line that the block before cut.
    let rest = Buffer.alloc(0);
    while (end > 0) {
      const start = Math.max(0, end - BLOCK_BYTES);
      const block = Buffer.concat([await readBlock(file, start, end), rest]);
      const lines = [...linePieces(block)];
      const found = lines.slice(start > 0 ? 1 : 0).findLast((line) => line.indexOf(COST_LINE) === 0);
      if (found) return found.toString('utf8');
      rest = Buffer.from(lines[0] ?? '');
      end = start;
    }
    return undefined;
  } finally {
    await file.close();
  }
}

async function readBlock(file: FileHandle, start: number, end: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(end - start), 0, end - start, start);
  return buffer.subarray(0, bytesRead);
}
