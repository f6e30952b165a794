import { ConfigError } from '@omnicloud/settings';
import { SwitchError } from '../../infra/src/switches.ts';
import { OperateError, reasonOf } from './operate-error.ts';

const INTERRUPTED = 'AbortError';

/** Runs a command of the terminal: what whoever runs it can mend is told in a sentence, everything else with its name. */
export async function runCommand(command: () => Promise<0 | 1>): Promise<void> {
  try {
    process.exitCode = await command();
  } catch (error) {
    process.exitCode = 1;
    console.error(explain(error));
  }
}

function explain(error: unknown): string {
  if (error instanceof OperateError) {
    return error.mend === undefined ? `✗ ${error.message}` : `✗ ${error.message}\n  → ${error.mend}`;
  }
  if (error instanceof ConfigError || error instanceof SwitchError) return `✗ ${error.message}`;
  if (error instanceof Error && error.name === INTERRUPTED) return '✗ Interrupted; run it again to go on.';
  return `✗ ${reasonOf(error)}`;
}
