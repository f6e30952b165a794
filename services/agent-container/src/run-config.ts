// the environment → what a run of the agent may do and use
import { DEFAULT_TURN_BUDGET_USD } from '@omnicloud/settings';
import { z } from 'zod';
import { chosenFrom, definedOnly } from './chosen-variables.ts';
import type { DiskLimits } from './run/disk/disk-watch.ts';
import type { RunLimits } from './run/isolation/run-limits.ts';
import { WORKSPACE_LIMITS, type WorkspaceLimits } from './session/home/scan-home.ts';

export interface RunConfig {
  isShellOn: boolean;
  /** The shell runs as this process does, with all it can read. */
  isShellUnconfined?: true;
  /** The confined shell, and the tools that run beside it, share this machine's network. */
  isNetworkOn?: true;
  /** How long the agent may work on one request, in ms. */
  turnLimitMs?: number;
  /** Input, output and cache tokens together that one turn may take. */
  turnTokenLimit?: number;
  /** What one turn may cost, in US dollars, as the CLI reckons it; undefined: without a limit. */
  turnBudgetUsd?: number;
  /** What of a workspace is saved; see `WORKSPACE_LIMITS` unless given. */
  workspaceLimits?: WorkspaceLimits;
  /** What runs may take of the disk; what is not given follows its size. */
  diskLimits?: Partial<DiskLimits>;
  /** What a confined run may use; what is not given follows the machine. */
  runLimits?: Partial<RunLimits>;
  /** Environment variables of this process that the CLI is given too. */
  inherited: Readonly<Record<string, string>>;
}

/** The largest disk that is thought of: 64 TB. */
const megabytes = (least: number) =>
  z.coerce
    .number('must be a number of megabytes')
    .min(least, `must be at least ${least}`)
    .max(67_108_864, 'must be at most 67108864')
    .optional();

/** What programs need to run at all; the CLI's way to the model is the proxy of this process. */
const INHERITED = /^(PATH|LANG|LC_ALL|TZ|SystemRoot)$/;

/** Takes every variable, because some are chosen by a pattern of their names. */
const environmentSchema = z.looseObject({
  AGENT_SHELL: z.enum(['on', 'off', 'unconfined'], 'must be on, off or unconfined').default('off'),
  AGENT_NETWORK: z.enum(['on', 'off'], 'must be on or off').default('off'),
  TURN_LIMIT_SECONDS: z.coerce
    .number('must be a number of seconds')
    .min(1, 'must be at least 1')
    .max(86_400, 'must be at most 86400')
    .optional(),
  WORKSPACE_LIMIT_MB: z.coerce
    .number('must be a number of megabytes')
    .min(1, 'must be at least 1')
    .max(65_536, 'must be at most 65536')
    .optional(),
  WORKSPACE_LIMIT_FILES: z.coerce
    .number('must be a number of files')
    .int('must be a whole number of files')
    .min(1, 'must be at least 1')
    .max(200_000, 'must be at most 200000')
    .optional(),
  RUN_DISK_MB: megabytes(1),
  MIN_FREE_DISK_MB: megabytes(1),
  RUN_MEMORY_MB: megabytes(512),
  RUN_PROCESSES: z.coerce
    .number('must be a number of processes')
    .int('must be a whole number of processes')
    .min(64, 'must be at least 64')
    .max(100_000, 'must be at most 100000')
    .optional(),
  RUN_FILE_MB: megabytes(16),
  TURN_TOKEN_LIMIT: z.coerce
    .number('must be a number of tokens')
    .int('must be a whole number of tokens')
    .min(1, 'must be at least 1')
    .optional(),
  TURN_BUDGET_USD: z
    .union([
      z.literal('none'),
      z.coerce.number('must be a number of dollars, or none').positive('must be more than 0, or none'),
    ])
    .default(DEFAULT_TURN_BUDGET_USD),
});
type Environment = z.infer<typeof environmentSchema>;

/** The settings of the agent's runs, as a `RunConfig`. */
export const runSchema = environmentSchema.transform((env): RunConfig => ({
  isShellOn: env.AGENT_SHELL !== 'off',
  ...(env.AGENT_SHELL === 'unconfined' ? { isShellUnconfined: true } : {}),
  ...(env.AGENT_NETWORK === 'on' ? { isNetworkOn: true } : {}),
  ...(env.TURN_LIMIT_SECONDS === undefined ? {} : { turnLimitMs: env.TURN_LIMIT_SECONDS * 1_000 }),
  ...workspaceLimits(env),
  ...diskLimits(env),
  ...chosenRunLimits(env),
  ...(env.TURN_TOKEN_LIMIT === undefined ? {} : { turnTokenLimit: env.TURN_TOKEN_LIMIT }),
  ...(env.TURN_BUDGET_USD === 'none' ? {} : { turnBudgetUsd: env.TURN_BUDGET_USD }),
  inherited: chosenFrom(env, INHERITED),
}));

function chosenRunLimits(env: Environment): Pick<RunConfig, 'runLimits'> {
  const runLimits = definedOnly({
    memoryBytes: bytesOf(env.RUN_MEMORY_MB),
    processes: env.RUN_PROCESSES,
    fileBytes: bytesOf(env.RUN_FILE_MB),
  });
  return Object.keys(runLimits).length === 0 ? {} : { runLimits };
}

function bytesOf(megabytes: number | undefined): number | undefined {
  return megabytes === undefined ? undefined : Math.floor(megabytes * 1024 * 1024);
}

function workspaceLimits(env: Environment): Pick<RunConfig, 'workspaceLimits'> {
  const { WORKSPACE_LIMIT_MB: megabytes, WORKSPACE_LIMIT_FILES: files = WORKSPACE_LIMITS.files } = env;
  if (megabytes === undefined && env.WORKSPACE_LIMIT_FILES === undefined) return {};
  const bytes = megabytes === undefined ? WORKSPACE_LIMITS.bytes : Math.floor(megabytes * 1024 * 1024);
  return { workspaceLimits: { ...WORKSPACE_LIMITS, bytes, files } };
}

function diskLimits({
  RUN_DISK_MB: run,
  MIN_FREE_DISK_MB: free,
}: Environment): Pick<RunConfig, 'diskLimits'> {
  if (run === undefined && free === undefined) return {};
  const bytes = (megabytes: number): number => Math.floor(megabytes * 1024 * 1024);
  return {
    diskLimits: {
      ...(run === undefined ? {} : { runBytes: bytes(run) }),
      ...(free === undefined ? {} : { minFreeBytes: bytes(free) }),
    },
  };
}
