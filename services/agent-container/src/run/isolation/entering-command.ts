import type { Command } from './isolation.ts';

const SAY_ENTERED =
  'echo 800 2>/dev/null >/proc/self/oom_score_adj; { echo entered >&3; } 2>/dev/null || :; exec 3>&-; exec "$@"';

/**
 * @param options of `setpriv`
 * @param limits as `kernelLimits` gives them
 * @returns the command behind both: it gains no rights, and it dies when the server does.
 */
export function enteringCommand(
  inner: Command,
  options: readonly string[],
  limits: readonly string[],
): Command {
  const privileges = [...options, '--no-new-privs', '--pdeathsig', 'KILL'];
  return {
    ...inner,
    command: 'setpriv',
    args: [
      ...privileges,
      '--',
      'prlimit',
      ...limits,
      '--',
      '/bin/sh',
      '-c',
      SAY_ENTERED,
      'sh',
      inner.command,
      ...inner.args,
    ],
  };
}
