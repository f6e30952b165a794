// npm run bench: what our turn costs over a plain call of the Agent SDK, and what restore and persist cost, as ratios within one run
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from './config.ts';
import { measureLargeTranscript } from './large-transcript.ts';
import { compareTurns } from './turns.ts';
import { measureWorkspaces } from './workspaces.ts';

const { rounds, workspaces, largeTranscriptMb, path } = readConfig(process.argv.slice(2));
const root = await mkdtemp(join(tmpdir(), 'omnicloud-bench-'));
const [load = 0] = loadavg();
console.log(
  `${rounds} rounds on ${availableParallelism()} CPUs with a load of ${load.toFixed(1)}; a busy machine blurs the ratios`,
);
try {
  const plainMs = await compareTurns(root, rounds, path);
  await measureWorkspaces(root, workspaces, plainMs);
  await measureLargeTranscript(root, largeTranscriptMb, plainMs);
} finally {
  await rm(root, { recursive: true, force: true });
}
