// questions of `npm run deploy`, each with what is wrong with an answer
import type { Asker } from './ask.ts';
import { BOT_TOKEN } from '../config.ts';
import {
  isAccessKeyId,
  isAnthropicKey,
  isApiKey,
  isTemporary,
  type ModelKeys,
  type Provider,
} from './model-keys.ts';

const USER_IDS = /^\s*\d{1,19}([\s,]+\d{1,19})*[\s,]*$/;

/** @param isBotKnown whether Telegram knows a token. */
export function askForToken(asker: Asker, isBotKnown: (token: string) => Promise<boolean>): Promise<string> {
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

export function askForUsers(asker: Asker): Promise<string> {
  return asker.ask({
    text: 'Telegram user ids that may use the bot, yours first (@userinfobot tells you yours)',
    problemOf: (answer) =>
      USER_IDS.test(answer) ? undefined : 'These are numbers, separated by commas, such as 123456789.',
  });
}

export async function askForProvider(asker: Asker): Promise<Provider> {
  const answer = await asker.ask({
    text: 'Whose Claude: bedrock (Amazon Bedrock) or anthropic (a key of Anthropic)',
    problemOf: (given) => (/^(bedrock|anthropic)$/i.test(given) ? undefined : 'Answer bedrock or anthropic.'),
  });
  return answer.toLowerCase() === 'anthropic' ? 'anthropic' : 'bedrock';
}

export function askForModelKeys(asker: Asker, provider: Provider): Promise<ModelKeys> {
  return provider === 'anthropic' ? askForAnthropicKey(asker) : askForBedrockKeys(asker);
}

async function askForAnthropicKey(asker: Asker): Promise<ModelKeys> {
  const key = await asker.ask({
    text: 'Anthropic: an API key (it is not shown here)',
    isSecret: true,
    problemOf: (answer) => (isAnthropicKey(answer) ? undefined : 'A key of Anthropic begins with sk-ant-.'),
  });
  return { ANTHROPIC_API_KEY: key };
}

async function askForBedrockKeys(asker: Asker): Promise<ModelKeys> {
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
