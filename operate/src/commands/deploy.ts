// tools → account → settings → bot → checks → stack → secrets → webhook → menu → first message
import type { UserFromGetMe } from 'grammy/types';
import { parseSwitches, type Switches } from '@omnicloud/infra';
import type { Asker } from '../ask/ask.ts';
import { type AwsAccount, openAccount } from '../aws/aws-account.ts';
import { deployStack } from '../aws/cdk.ts';
import { checkBeforeBuilding } from '../checks/check-before-building.ts';
import { completeSettings, type CompleteSettings, type Kept } from '../ask/complete-settings.ts';
import type { GivenSettings } from '../config.ts';
import { BOT_TOKEN } from '../config.ts';
import {
  type Deployment,
  standingDeployment,
  switchesOf,
  type StandingDeployment,
} from '../aws/deployment.ts';
import { greetOwner } from './greet-owner.ts';
import { leaveBot } from './leave-bot.ts';
import { type ModelKeys, parseModelKeys, providerOf } from '../ask/model-keys.ts';
import { OperateError } from '../operate-error.ts';
import { checkTools, ensureBootstrapped } from '../checks/prerequisites.ts';
import { Progress } from '../progress.ts';
import { settledDeployment } from '../aws/stack-state.ts';
import { readSecret, writeSecret } from '../aws/secret-values.ts';
import { isBotKnown, setCommandMenus, setWebhook, telegramApi, whoIsBot } from '../telegram.ts';

const STEPS = 10;

/**
 * Brings a deployment to what is given, from whatever it is now: each step looks first whether it is done already. It keeps no state of
 * its own: what was given is found again in AWS and in Telegram.
 * @param asker undefined when there is nobody to be asked.
 * @throws OperateError, ConfigError, SwitchError
 */
export async function deploy(stack: string, given: GivenSettings, asker: Asker | undefined): Promise<void> {
  const progress = new Progress(STEPS);
  progress.begin('What this machine needs');
  await checkTools(given.builder, progress);

  progress.begin('The AWS account');
  const account = await openAccount();
  try {
    progress.done(`account ${account.id}, region ${account.region}, as ${account.caller}`);
    await deployInto(account, { stack, given, asker, progress });
  } finally {
    account.close();
  }
}

async function deployInto(
  account: AwsAccount,
  {
    stack,
    given,
    asker,
    progress,
  }: {
    readonly stack: string;
    readonly given: GivenSettings;
    readonly asker: Asker | undefined;
    readonly progress: Progress;
  },
): Promise<void> {
  progress.begin('Settings');
  const existing = await settledDeployment(account, stack, { progress });
  const { kept, storedToken, storedKeys } = await keptBy(account, existing);
  for (const notice of given.notices) progress.warn(notice);
  const settings = await completeSettings(given, kept, {
    asker,
    isBotKnown: (token) => isBotKnown(telegramApi(token, given.apiRoot)),
    region: account.region,
  });
  const switches = parseSwitches({ ...settings.switches, deployment: stack });
  progress.done(existing ? `the stack ${stack} is there (${existing.status})` : `a new stack ${stack}`);
  sayWhatIsDeployed(switches, progress);

  progress.begin('The bot');
  const token = settings.botToken ?? storedToken;
  if (token === undefined) throw new OperateError('settings_missing', 'TELEGRAM_BOT_TOKEN is missing');
  const api = telegramApi(token, given.apiRoot);
  const bot = await whoIsBot(api);
  progress.done(`@${bot.username}`);

  progress.begin('What the deployment needs');
  const modelKeys = settings.modelKeys ?? storedKeys;
  await checkBeforeBuilding(account, { switches, modelKeys }, { asker, progress });

  progress.begin('The stack (some minutes the first time; what the CDK says follows)');
  await ensureBootstrapped(account, asker, progress);
  await deployStack(stack, { ...settings.switches, botUsername: bot.username }, account);
  const standing = await standingDeployment(account, stack);
  progress.done(`${stack} is ${standing.status}`);

  progress.begin('Secrets');
  if (storedToken !== undefined && botIdOf(storedToken) !== botIdOf(token)) {
    progress.warn('another bot than before: the former one is let go');
    await leaveBot(storedToken, { apiRoot: given.apiRoot, url: standing.outputs.WebhookUrl, progress });
  }
  await putSecrets(account, { deployment: standing, settings, progress });

  progress.begin('The webhook');
  await connect(account, { deployment: standing, api, progress });

  progress.begin('The command menu');
  if (await setCommandMenus(api)) progress.done('set, in English and Chinese');
  else progress.skip('is set already');

  progress.begin('The owner');
  const allowedUsers = settings.switches.allowedUsers ?? '';
  await greetOwner(account, standing, { meeting: { api, bot, allowedUsers }, progress });
  sayDone(bot, stack);
}

function sayWhatIsDeployed(switches: Switches, progress: Progress): void {
  const { provider, bedrockRegion, isolation, memory, shell, network, turnBudgetUsd } = switches;
  progress.done(provider === 'anthropic' ? 'Claude from Anthropic' : `Claude on Bedrock in ${bedrockRegion}`);
  progress.done(`isolation ${isolation}, ${memory} MB; shell ${shell}, network ${network}`);
  progress.done(
    turnBudgetUsd === 'none'
      ? 'one message may cost any amount'
      : `one message may cost $${turnBudgetUsd} (TURN_BUDGET_USD changes it, none lifts it)`,
  );
}

/** A token that was renewed is still the same bot's. */
function botIdOf(token: string): string | undefined {
  return token.split(':')[0];
}

function sayDone(bot: UserFromGetMe, stack: string): void {
  const named = stack === 'OmniCloud' ? '' : ` --stack ${stack}`;
  console.log(`\nready https://t.me/${bot.username}`);
  console.log(`Something wrong? \`npm run doctor -- --aws${named}\` looks into it.`);
}

async function keptBy(
  account: AwsAccount,
  deployment: Deployment | undefined,
): Promise<{ kept: Kept; storedToken: string | undefined; storedKeys: ModelKeys | undefined }> {
  if (!deployment?.outputs) {
    const kept = { hasBotToken: false, keysOf: undefined, switches: {} };
    return { kept, storedToken: undefined, storedKeys: undefined };
  }
  const { BotTokenSecretArn, BedrockKeysSecretArn } = deployment.outputs;
  const token = await readSecret(account, BotTokenSecretArn);
  const keys = parseModelKeys((await readSecret(account, BedrockKeysSecretArn)) ?? '');
  const storedToken = token !== undefined && BOT_TOKEN.test(token) ? token : undefined;
  const kept = {
    hasBotToken: storedToken !== undefined,
    keysOf: keys && providerOf(keys),
    switches: switchesOf(deployment),
  };
  return { kept, storedToken, storedKeys: keys };
}

async function putSecrets(
  account: AwsAccount,
  {
    deployment: { outputs },
    settings: { botToken, modelKeys },
    progress,
  }: {
    readonly deployment: StandingDeployment;
    readonly settings: CompleteSettings;
    readonly progress: Progress;
  },
): Promise<void> {
  const put = async (what: string, arn: string, value: string | undefined): Promise<void> => {
    if (value !== undefined && (await writeSecret(account, arn, value))) progress.done(`${what} written`);
    else progress.skip(`${what} is as it was`);
  };
  await put('the bot token', outputs.BotTokenSecretArn, botToken);
  await put('the model’s keys', outputs.BedrockKeysSecretArn, modelKeys && JSON.stringify(modelKeys));
}

async function connect(
  account: AwsAccount,
  {
    deployment: { outputs },
    api,
    progress,
  }: {
    readonly deployment: StandingDeployment;
    readonly api: ReturnType<typeof telegramApi>;
    readonly progress: Progress;
  },
): Promise<void> {
  const secret = await readSecret(account, outputs.WebhookSecretArn);
  if (secret === undefined) {
    throw new OperateError('aws_refused', 'The webhook secret is empty', {
      cure: 'Run `npm run deploy` again.',
    });
  }
  const before = await setWebhook(api, outputs.WebhookUrl, secret);
  if (before === outputs.WebhookUrl) progress.skip(`${before} is set already`);
  else
    progress.done(
      `Telegram sends updates to ${outputs.WebhookUrl}${before === '' ? '' : `, no longer to ${before}`}`,
    );
}
