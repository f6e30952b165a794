// npm run logs [-- --stack NAME] [--update ID] [--since MINUTES] [--once]: what the functions of a deployment write.
import { readEnvFile } from '@omnicloud/settings';
import { readArguments } from './ask/arguments.ts';
import { openAccount } from './aws/aws-account.ts';
import { DEFAULT_STACK, standingDeployment } from './aws/deployment.ts';
import { followLogs, logGroupsOf } from './commands/follow-logs.ts';
import { OperateError } from './operate-error.ts';
import { runCommand } from './run-command.ts';

const SINCE_MINUTES = 10;
/** Of one update everything is wanted, and it may have waited for long. */
const SINCE_MINUTES_OF_UPDATE = 24 * 60;

const USAGE = `npm run logs [-- --<flag> …]: what the functions of a deployment write, until Ctrl-C.

  --stack NAME      the deployment (default ${DEFAULT_STACK})
  --profile NAME    the AWS profile
  --update ID       the lines of one update alone
  --since MINUTES   how far back it begins (default ${SINCE_MINUTES}; with --update a day)
  --once            ends with what is there`;

await runCommand(USAGE, async () => {
  const { stack, flags, options } = readArguments(process.argv.slice(2), {
    flags: ['once'],
    options: ['update', 'since'],
  });
  const { update } = options;
  const since = Number(options.since ?? (update === undefined ? SINCE_MINUTES : SINCE_MINUTES_OF_UPDATE));
  if ((update !== undefined && !/^\d+$/.test(update)) || !(since > 0)) {
    throw new OperateError('bad_arguments', '--update takes the number of an update, --since minutes');
  }
  readEnvFile();
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const account = await openAccount();
  try {
    const { outputs } = await standingDeployment(account, stack);
    let shown = 0;
    const write = (line: string): void => {
      shown += 1;
      console.log(line);
    };
    const asked = { sinceMs: Date.now() - since * 60_000, updateId: update, write };
    await followLogs(account, logGroupsOf(outputs), {
      options: asked,
      signal: flags.has('once') ? undefined : stop.signal,
    });
    if (shown === 0)
      console.error(`Nothing was written within the last ${since} minutes; --since goes back further.`);
  } finally {
    account.close();
  }
  return 0;
});
