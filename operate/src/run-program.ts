import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { childEnvironment } from './config.ts';
import { OperateError } from './operate-error.ts';

const isWindows = process.platform === 'win32';

export interface Run {
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * Runs a program in the foreground, so that its progress is seen. None of our secrets are in its environment.
 * @throws OperateError `command_failed`
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  { cwd, environment = {} }: Run = {},
): Promise<void> {
  const child = spawn(program, args, {
    cwd,
    env: childEnvironment(environment),
    stdio: 'inherit',
    shell: isWindows,
  });
  const [code] = (await Promise.race([
    once(child, 'exit'),
    once(child, 'error').then(([error]) => {
      throw new OperateError('command_failed', `\`${program}\` cannot be run`, { cause: error });
    }),
  ])) as [number | null];
  if (code !== 0) {
    throw new OperateError(
      'command_failed',
      `\`${program} ${args[0] ?? ''}\` failed; what it said stands above`,
      { cure: 'Fix what it names and run this again: finished steps are skipped.' },
    );
  }
}

/** @returns what the program wrote; undefined when it cannot be run, fails or does not end within the time. */
export function outputOf(
  program: string,
  args: readonly string[],
  limitMs = 20_000,
): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const options = { env: childEnvironment({}), timeout: limitMs, shell: isWindows };
  execFile(program, [...args], options, (error, stdout) => resolve(error ? undefined : stdout));
  return promise;
}
