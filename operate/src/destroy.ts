// npm run destroy [-- --stack NAME] [--keep-data] [--yes]: takes a deployment away, with everything in it unless it is to be kept.
import { readEnvFile } from '@omnicloud/settings';
import { TerminalAsker } from './ask/ask.ts';
import { readArguments } from './ask/arguments.ts';
import { readGivenSettings } from './config.ts';
import { DEFAULT_STACK } from './aws/deployment.ts';
import { destroy } from './commands/destroy.ts';
import { OperateError } from './operate-error.ts';
import { runCommand } from './run-command.ts';

const USAGE = `npm run destroy [-- --<flag> …]: takes a deployment away, with everything in it.

  --stack NAME     the deployment (default ${DEFAULT_STACK})
  --profile NAME   the AWS profile
  --keep-data      bucket and table stay
  --yes            does not ask for the stack's name

docs/runbook.md, “After a deployment was taken away”, says what is left.`;

await runCommand(USAGE, async () => {
  const { stack, flags } = readArguments(process.argv.slice(2), { flags: ['yes', 'keep-data'] });
  readEnvFile();
  const { apiRoot } = readGivenSettings();
  const isSure = flags.has('yes');
  if (!isSure && !process.stdin.isTTY) {
    throw new OperateError('not_confirmed', 'There is nobody to confirm this', {
      cure: 'Add --yes if it is meant.',
    });
  }
  const asker = isSure ? undefined : new TerminalAsker();
  try {
    await destroy({ stack, isDataKept: flags.has('keep-data'), asker, apiRoot });
    return 0;
  } finally {
    asker?.close();
  }
});
