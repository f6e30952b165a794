import { parseArgs } from 'node:util';

export interface BenchConfig {
  /** How often each turn is measured; the figures are medians. */
  readonly rounds: number;
  /** Files in the workspaces that are saved and restored. */
  readonly workspaces: readonly number[];
  /** Of the transcript that is saved and restored beside the CLI, in MB. */
  readonly largeTranscriptMb: number;
  /** For the CLI and what it starts. */
  readonly path: string;
}

/** @throws what `parseArgs` throws for an unknown argument, RangeError for a number of rounds that is none. */
export function readConfig(args: readonly string[]): BenchConfig {
  const { values } = parseArgs({ args: [...args], options: { rounds: { type: 'string', default: '7' } } });
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new RangeError('--rounds must be a number from 1 on');
  return { rounds, workspaces: [0, 100, 5_000], largeTranscriptMb: 100, path: process.env.PATH ?? '' };
}
