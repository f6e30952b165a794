// what is given + what the deployment has already → what is missing → asked for, or listed
import type { Asker } from './ask.ts';
import { type BedrockKeys, isAccessKeyId, isApiKey, isTemporary } from './bedrock-keys.ts';
import { BOT_TOKEN, type GivenSettings, type GivenSwitches } from './config.ts';
import { OperateError } from './operate-error.ts';

/** What a deployment has already; the values themselves stay where they are. */
export interface Kept {
  readonly hasBotToken: boolean;
  readonly hasBedrockKeys: boolean;
  readonly switches: GivenSwitches;
}

/** What a deployment is made of. What is undefined stays as it is. */
export interface CompleteSettings {
  readonly botToken: string | undefined;
  readonly bedrockKeys: BedrockKeys | undefined;
  readonly switches: GivenSwitches;
}

type Given = Pick<GivenSettings, 'botToken' | 'bedrockKeys' | 'switches'>;

const USER_IDS = /^\s*\d{1,19}([\s,]+\d{1,19})*[\s,]*$/;

/** @returns by the names of `.env`, what neither was given nor is there already. */
function missingSettings(given: Given, kept: Kept): string[] {
  const missing: string[] = [];
  if (given.botToken === undefined && !kept.hasBotToken) {
    missing.push('TELEGRAM_BOT_TOKEN: the token that @BotFather gave you');
  }
  if (switchesOf(given, kept).allowedUsers === undefined) {
    missing.push('ALLOWED_USERS: Telegram user ids that may use the bot, yours first');
  }
  if (given.bedrockKeys === undefined && !kept.hasBedrockKeys) {
    missing.push(
      'BEDROCK_ACCESS_KEY_ID and BEDROCK_SECRET_ACCESS_KEY, or BEDROCK_API_KEY: the keys of the account that has Bedrock',
    );
  }
  return missing;
}

/**
 * @param asker undefined when there is nobody to be asked.
 * @param isBotKnown whether Telegram knows a token: who is asked for it is told at once, and not after everything else.
 * @throws OperateError `settings_missing`, naming all of them
 */
export async function completeSettings(
  given: Given,
  kept: Kept,
  asker: Asker | undefined,
  isBotKnown: (token: string) => Promise<boolean>,
): Promise<CompleteSettings> {
  const missing = missingSettings(given, kept);
  const switches = switchesOf(given, kept);
  if (missing.length === 0) return { ...given, switches };
  if (!asker) {
    const list = missing.map((name) => `\n  - ${name}`).join('');
    throw new OperateError(
      'settings_missing',
      `Settings are missing:${list}`,
      'Put them into .env or the environment, or run this in a terminal without --yes to be asked.',
    );
  }
  const botToken = given.botToken ?? (kept.hasBotToken ? undefined : await askForToken(asker, isBotKnown));
  const allowedUsers = switches.allowedUsers ?? (await askForUsers(asker));
  const bedrockKeys = given.bedrockKeys ?? (kept.hasBedrockKeys ? undefined : await askForKeys(asker));
  return { botToken, bedrockKeys, switches: { ...switches, allowedUsers } };
}

function switchesOf(given: Given, kept: Kept): GivenSwitches {
  return { ...kept.switches, ...given.switches };
}

function askForToken(asker: Asker, isBotKnown: (token: string) => Promise<boolean>): Promise<string> {
  return asker.ask({
    text: 'Bot token (write /newbot to @BotFather in Telegram; it is not shown here)',
    isSecret: true,
    problemOf: async (answer) => {
      if (!BOT_TOKEN.test(answer)) return 'A token looks like 123456:ABC-DEF.';
      return (await isBotKnown(answer))
        ? undefined
        : 'Telegram does not know this token; @BotFather shows it under /mybots.';
    },
  });
}

function askForUsers(asker: Asker): Promise<string> {
  return asker.ask({
    text: 'Telegram user ids that may use the bot, yours first (@userinfobot tells you yours)',
    problemOf: (answer) =>
      USER_IDS.test(answer) ? undefined : 'These are numbers, separated by commas, such as 123456789.',
  });
}

async function askForKeys(asker: Asker): Promise<BedrockKeys> {
  const key = await asker.ask({
    text: 'Bedrock: an access key id (AKIA…) or a Bedrock API key (it is not shown here)',
    isSecret: true,
    problemOf: (answer) =>
      isAccessKeyId(answer) || isApiKey(answer)
        ? undefined
        : 'An access key id begins with AKIA or ASIA, a Bedrock API key with ABSK or bedrock-api-key-.',
  });
  if (!isAccessKeyId(key)) return { AWS_BEARER_TOKEN_BEDROCK: key };
  const secret = await asker.ask({ text: 'Its secret access key (not shown)', isSecret: true });
  const keys = { AWS_ACCESS_KEY_ID: key, AWS_SECRET_ACCESS_KEY: secret };
  if (!isTemporary(key)) return keys;
  const token = await asker.ask({ text: 'Its session token (not shown)', isSecret: true });
  return { ...keys, AWS_SESSION_TOKEN: token };
}
