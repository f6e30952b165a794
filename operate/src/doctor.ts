// npm run doctor [-- --aws] [--stack NAME] [--model] [--json]: what is wrong, here or in a deployment, and how to fix it.
import { type EnvFile, readEnvFile } from '@omnicloud/settings';
import { readArguments } from './ask/arguments.ts';
import { openAccount } from './aws/aws-account.ts';
import { checkBot } from './checks/check-bot.ts';
import { checkDeployment } from './checks/check-deployment.ts';
import { checkMachine } from './checks/check-machine.ts';
import { checkModel } from './checks/check-model.ts';
import { readGivenSettings } from './config.ts';
import { DEFAULT_STACK, standingDeployment } from './aws/deployment.ts';
import { type Finding, linesOf, look, note } from './checks/finding.ts';
import { runCommand } from './run-command.ts';

async function lookHere(isModelAsked: boolean, file: EnvFile): Promise<Finding[]> {
  const { findings, config } = await checkMachine(file);
  if (!config) return [...findings];
  const { telegram, model } = config;
  const ofBot = telegram
    ? await look('The bot', () => checkBot(telegram.botToken, telegram.apiRoot, telegram.updates))
    : [];
  if (!model) return [...findings, ...ofBot];
  const ofModel = isModelAsked
    ? await look('The model', () => checkModel(model))
    : [note('The model was not asked', '`npm run doctor -- --model` does, for one token.')];
  return [...findings, ...ofBot, ...ofModel];
}

function lookAtAws(stack: string): Promise<Finding[]> {
  return look('AWS', async () => {
    const account = await openAccount();
    try {
      const { apiRoot } = readGivenSettings();
      return await checkDeployment(account, await standingDeployment(account, stack), apiRoot);
    } finally {
      account.close();
    }
  });
}

const USAGE = `npm run doctor [-- --<flag> …]: what is wrong, and how to fix it. It changes nothing; it exits with 1 when something is wrong.

  --model          asks the model too, for one token
  --aws            looks at the deployment on AWS instead of this machine
  --stack NAME     the same, at this one (default ${DEFAULT_STACK})
  --profile NAME   the AWS profile
  --json           the findings as JSON`;

await runCommand(USAGE, async () => {
  const { stack, isStackNamed, flags } = readArguments(process.argv.slice(2), {
    flags: ['aws', 'model', 'json'],
  });
  const file = readEnvFile();
  const isAws = flags.has('aws') || isStackNamed;
  const findings = isAws ? await lookAtAws(stack) : await lookHere(flags.has('model'), file);
  const isWrong = findings.some(({ state }) => state === 'wrong');
  if (flags.has('json')) console.log(JSON.stringify(findings, undefined, 2));
  else for (const line of findings.flatMap(linesOf)) console.log(line);
  return isWrong ? 1 : 0;
});
