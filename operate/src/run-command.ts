import { parseArgs } from 'node:util';
import { ConfigError } from '@omnicloud/settings';
import { SwitchError } from '@omnicloud/infra';
import { OperateError, reasonOf } from './operate-error.ts';

const INTERRUPTED = 'AbortError';

/**
 * Runs a command of the terminal. An error that its user can fix becomes one sentence; every other error is printed with its name.
 * @param usage what `--help` shows, instead of anything being done.
 */
export async function runCommand(usage: string, command: () => Promise<0 | 1>): Promise<void> {
  if (isHelpAsked(process.argv.slice(2))) {
    console.log(usage);
    return;
  }
  try {
    process.exitCode = await command();
  } catch (error) {
    process.exitCode = 1;
    console.error(explain(error));
  }
}

export function isHelpAsked(args: readonly string[]): boolean {
  const options = { help: { type: 'boolean', short: 'h' } } as const;
  return parseArgs({ args: [...args], options, allowPositionals: true, strict: false }).values.help === true;
}

/** What AWS's services call their refusals, and what to do about them. */
const REFUSALS: readonly (readonly [RegExp, string])[] = [
  [
    /^(Expired|InvalidClientToken|UnrecognizedClient|RequestExpired)/,
    'Sign in again (`aws sso login`, or new keys) and run this again: finished steps are skipped.',
  ],
  [
    /^(AccessDenied|Unauthorized|NotAuthorized)/,
    'These credentials may not do that: use those of an administrator of the account, for example by --profile.',
  ],
];

function cureOf({ name }: Error): string | undefined {
  return REFUSALS.find(([pattern]) => pattern.test(name))?.[1];
}

function explain(error: unknown): string {
  if (error instanceof OperateError) {
    return error.cure === undefined ? `✗ ${error.message}` : `✗ ${error.message}\n  → ${error.cure}`;
  }
  if (error instanceof ConfigError || error instanceof SwitchError) return `✗ ${error.message}`;
  if (error instanceof Error && error.name === INTERRUPTED) return '✗ Interrupted; run it again to go on.';
  const cure = error instanceof Error ? cureOf(error) : undefined;
  return cure === undefined ? `✗ ${reasonOf(error)}` : `✗ ${reasonOf(error)}\n  → ${cure}`;
}
