// npm run deploy [-- --stack NAME] [--yes] [--<switch> value …]: from nothing, or from what is there, to a bot on AWS that works.
import { readEnvFile } from '@omnicloud/local';
import { TerminalAsker } from './operate/ask.ts';
import { readArguments } from './operate/arguments.ts';
import { readGivenSettings } from './operate/config.ts';
import { deploy } from './operate/deploy.ts';
import { runCommand } from './operate/run-command.ts';

await runCommand(async () => {
  const { stack, switches, flags } = readArguments(process.argv.slice(2), {
    flags: ['yes'],
    takesSwitches: true,
  });
  readEnvFile();
  const given = readGivenSettings(switches);
  const asker = process.stdin.isTTY && !flags.has('yes') ? new TerminalAsker() : undefined;
  try {
    await deploy(stack, given, asker);
    return 0;
  } finally {
    asker?.close();
  }
});
