// a transcript of 100 MB → opened, restored elsewhere and saved by a process of its own → ms, and by how much its memory grew
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { longTranscript } from '@omnicloud/agent-container/internal/session/transcript/transcript.fixture.ts';
import { inMs, printTable, times } from './measure.ts';

const ID = '0190c8a4-0000-4000-8000-000000000001';
const PROCESS = fileURLToPath(
  new URL('../services/agent-container/src/session/large-transcript-process.fixture.ts', import.meta.url),
);

interface Told {
  readonly grownBytes: number;
  readonly openMs: number;
  readonly restoreMs: number;
  readonly persistMs: number;
}

/** @param plainMs what a plain call of the Agent SDK took in this run. */
export async function measureLargeTranscript(
  root: string,
  megabytes: number,
  plainMs: number,
): Promise<void> {
  const objects = join(root, 'large', 'objects');
  const transcript = longTranscript(megabytes * 1_000_000, join('/elsewhere', ID, 'workspace'));
  await mkdir(join(objects, 'sessions', ID), { recursive: true });
  await writeFile(join(objects, 'sessions', ID, 'conversation.jsonl'), transcript);
  const args = [PROCESS, objects, join(root, 'large', 'work'), ID];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const { grownBytes, openMs, restoreMs, persistMs } = JSON.parse(stdout) as Told;
  const parts = { 'read and judged': openMs, 'laid out elsewhere': restoreMs, saved: persistMs };
  printTable(
    `A transcript of ${megabytes} MB (ratio: to a plain first call above)`,
    ['', 'time', 'ratio'],
    Object.entries(parts).map(([what, ms]) => [what, inMs(ms), times(ms / plainMs)]),
  );
  const timesAsLarge = times(grownBytes / transcript.byteLength);
  console.log(
    `\nThe memory grew by ${Math.round(grownBytes / 1_000_000)} MB at most, ${timesAsLarge} the transcript.`,
  );
}
