import type { Command } from './isolation.ts';

const SAY_ENTERED = '{ echo entered >&3; } 2>/dev/null || :; exec 3>&-; exec "$@"';

/** @returns the command behind `setpriv` with these options: it gains no rights, and it dies when the server does. */
export function enteringCommand(inner: Command, options: readonly string[]): Command {
  const privileges = [...options, '--no-new-privs', '--pdeathsig', 'KILL'];
  return {
    ...inner,
    command: 'setpriv',
    args: [...privileges, '--', '/bin/sh', '-c', SAY_ENTERED, 'sh', inner.command, ...inner.args],
  };
}
