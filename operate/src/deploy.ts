// npm run deploy [-- --stack NAME] [--yes] [--<switch> value …]: from nothing, or from what is there, to a bot on AWS that works.
import { readEnvFile } from '@omnicloud/settings';
import { TerminalAsker } from './ask/ask.ts';
import { readArguments, SWITCH_FLAGS } from './ask/arguments.ts';
import { readGivenSettings } from './config.ts';
import { deploy } from './commands/deploy.ts';
import { DEFAULT_STACK } from './aws/deployment.ts';
import { runCommand } from './run-command.ts';

const USAGE = `npm run deploy [-- --<flag> …]: a bot on AWS, from nothing or from what is there. What is missing is asked for.

  --stack NAME     the deployment; several can stand side by side (default ${DEFAULT_STACK})
  --profile NAME   the AWS profile
  --yes            asks nothing: takes all from the environment and .env, or lists what is missing

What differs between deployments; docs/hosting.md explains each, and what was given before is remembered:
${SWITCH_FLAGS.map((flag) => `  --${flag}`).join('\n')}`;

await runCommand(USAGE, async () => {
  const { stack, switches, flags } = readArguments(process.argv.slice(2), {
    flags: ['yes'],
    takesSwitches: true,
  });
  const given = readGivenSettings(switches, undefined, readEnvFile());
  const asker = process.stdin.isTTY && !flags.has('yes') ? new TerminalAsker() : undefined;
  try {
    await deploy(stack, given, asker);
    return 0;
  } finally {
    asker?.close();
  }
});
