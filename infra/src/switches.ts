import { DEFAULT_TURN_BUDGET_USD } from '@omnicloud/settings';
import type { Node } from 'constructs';
import { z } from 'zod';

/** What the CLI hands over with `-c` is text, whatever it means. */
const flag = z.union([z.boolean(), z.stringbool()], 'must be true or false');
const list = z.string().transform((text) => text.split(/[\s,]+/).filter((part) => part !== ''));
const modelId = z.string().trim().min(1);
const baseUrl = z.url({ protocol: /^https?$/, error: 'must be an http(s) URL' });

/** What CloudWatch Logs takes as a retention (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html). */
const LOG_DAYS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400] as const;
/** An account that is new may have no more than this; others up to 10240. In MB. */
const MAX_MEMORY_MB = 10_240;
/** A workspace takes eight times its size of the disk at most: see `ephemeralStorage` in agent.ts. */
const MAX_WORKSPACE_MB = 1_280;
/** The most that Lambda gives a function. */
const MAX_DISK_MB = 10_240;

const switchesSchema = z
  .object({
    deployment: z
      .string()
      .regex(
        /^[A-Za-z][A-Za-z0-9-]{0,99}$/,
        'must begin with a letter and consist of letters, digits and dashes',
      )
      .default('OmniCloud'),
    allowedUsers: z
      .string({ error: 'is required: the Telegram user ids that may use the bot, separated by commas' })
      .regex(
        /^\s*\d{1,19}([\s,]+\d{1,19})*[\s,]*$/,
        'must be Telegram user ids (numbers) separated by commas',
      ),
    botUsername: z
      .string()
      .regex(/^\w{5,32}$/, 'must be a username without the @')
      .optional(),
    isolation: z.enum(['tenant', 'shared'], 'must be tenant or shared').default('tenant'),
    provisionedConcurrency: z.coerce.number().int().min(0).max(100).default(0),
    memory: z.coerce.number().int().min(1_024, 'must be at least 1024 MB').max(MAX_MEMORY_MB).default(2_048),
    concurrency: z.coerce.number().int().min(2, 'must be at least 2').max(1_000).default(10),
    maxContinuations: z.coerce.number().int().min(0).max(100).default(4),
    provider: z.enum(['bedrock', 'anthropic'], 'must be bedrock or anthropic').default('bedrock'),
    bedrockRegion: z
      .string()
      .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'must be a region such as us-east-1')
      .default('us-east-1'),
    modelBaseUrl: baseUrl.optional(),
    model: modelId.optional(),
    opusModel: modelId.optional(),
    sonnetModel: modelId.optional(),
    haikuModel: modelId.optional(),
    shell: z.enum(['on', 'off'], 'must be on or off').default('off'),
    network: z.enum(['on', 'off'], 'must be on or off').default('off'),
    turnLimitSeconds: z.coerce.number().min(1).max(86_400).optional(),
    workspaceLimitMb: z.coerce
      .number()
      .min(1)
      .max(MAX_WORKSPACE_MB, `must be at most ${MAX_WORKSPACE_MB}: a function's disk has 10 GB`)
      .optional(),
    workspaceLimitFiles: z.coerce.number().int().min(1).max(200_000).optional(),
    runMemoryMb: z.coerce.number().min(512).max(MAX_MEMORY_MB).optional(),
    // Lambda allows 1024 in all.
    runProcesses: z.coerce.number().int().min(64).max(450).optional(),
    runFileMb: z.coerce.number().min(16).max(MAX_DISK_MB).optional(),
    runDiskMb: z.coerce.number().min(1).max(MAX_DISK_MB).optional(),
    minFreeDiskMb: z.coerce.number().min(1).max(MAX_DISK_MB).optional(),
    telegramApiRoot: z.url({ protocol: /^https?$/, error: 'must be an http(s) URL' }).optional(),
    versioning: flag.default(false),
    keepData: flag.default(false),
    alarmEmail: z.email('must be an e-mail address').optional(),
    dailyBudgetUsd: z.coerce.number().positive().default(20),
    turnBudgetUsd: z
      .union([z.literal('none'), z.coerce.number('must be a number of dollars, or none').positive()])
      .default(DEFAULT_TURN_BUDGET_USD),
    turnTokenLimit: z.coerce.number().int().min(1).optional(),
    logDays: z.coerce
      .number()
      .pipe(z.literal(LOG_DAYS, `must be one of ${LOG_DAYS.join(', ')}`))
      .default(30),
    corsOrigins: list
      .pipe(z.array(z.string().regex(/^https?:\/\/[^/*\s]+$/, 'must be origins such as https://example.org')))
      .default([]),
  })
  .refine(({ isolation, provisionedConcurrency }) => isolation === 'shared' || provisionedConcurrency === 0, {
    path: ['provisionedConcurrency'],
    error:
      'needs isolation=shared: Lambda has no provisioned concurrency for functions with tenant isolation',
    when: () => true,
  })
  .refine(({ shell, network }) => shell === 'off' || network === 'on', {
    path: ['network'],
    error:
      'must be on with shell=on: a function has no namespaces of its own, so its shell has the function’s network',
    when: () => true,
  })
  .refine(({ isolation, shell }) => isolation === 'tenant' || shell === 'off', {
    path: ['shell'],
    error:
      'must be off with isolation=shared: conversations would follow one another as the same user of one environment',
    when: () => true,
  });

/** How one deployment differs from another; `docs/hosting.md` says what each costs. */
export type Switches = z.output<typeof switchesSchema>;

export const SWITCH_NAMES = Object.keys(switchesSchema.shape) as readonly (keyof Switches)[];

/** Every wrong switch at once, by name. */
export class SwitchError extends Error {
  override readonly name = 'SwitchError';
  readonly code = 'bad_switch';
  readonly retryable = false;

  constructor(problems: readonly string[]) {
    super(`Switches that are wrong or missing:\n${problems.map((line) => `  - ${line}`).join('\n')}`);
  }
}

/** @throws SwitchError */
export function parseSwitches(given: Readonly<Record<string, unknown>>): Switches {
  const parsed = switchesSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new SwitchError(parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`));
}

/** Reads the switches from the context of a construct, as `-c name=value` puts them there. @throws SwitchError */
export function switchesOf(node: Node): Switches {
  const given = SWITCH_NAMES.map((name): [string, unknown] => [name, node.tryGetContext(name)]);
  return parseSwitches(Object.fromEntries(given.filter(([, value]) => value !== undefined && value !== '')));
}
