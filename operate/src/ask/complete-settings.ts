// what is given + what the deployment has already → what is missing → asked for, or listed
import type { Asker } from './ask.ts';
import { askForModelKeys, askForProvider, askForToken, askForUsers } from './ask-for-settings.ts';
import type { GivenSettings, GivenSwitches } from '../config.ts';
import { type ModelKeys, type Provider, providerOf } from './model-keys.ts';
import { OperateError } from '../operate-error.ts';

/** What a deployment has already; the values themselves stay where they are. */
export interface Kept {
  readonly hasBotToken: boolean;
  /** Whose keys are in the secret. */
  readonly keysOf: Provider | undefined;
  readonly switches: GivenSwitches;
}

/** What a deployment is made of. What is undefined stays as it is. */
export interface CompleteSettings {
  readonly botToken: string | undefined;
  readonly modelKeys: ModelKeys | undefined;
  readonly switches: GivenSwitches;
}

export interface Asking {
  /** Undefined when there is nobody to be asked. */
  readonly asker: Asker | undefined;
  /** Whether Telegram knows a token. Asked right after the token was typed, so that a wrong one is reported at once. */
  readonly isBotKnown: (token: string) => Promise<boolean>;
  /** Where the bot lives: Bedrock is asked there unless a region is given for it. */
  readonly region: string;
}

type Given = Pick<GivenSettings, 'botToken' | 'modelKeys' | 'switches'>;

const KEYS_OF = {
  bedrock:
    'BEDROCK_ACCESS_KEY_ID and BEDROCK_SECRET_ACCESS_KEY, or BEDROCK_API_KEY: the keys of the account that has Bedrock',
  anthropic: 'ANTHROPIC_API_KEY: the key of Anthropic',
} as const;
const KEYS_OF_ANY = `${KEYS_OF.bedrock}; or ${KEYS_OF.anthropic}`;

/** @returns by the names of `.env`, what neither was given nor is there already. */
function missingSettings(given: Given, kept: Kept, switches: GivenSwitches): string[] {
  const missing: string[] = [];
  if (given.botToken === undefined && !kept.hasBotToken) {
    missing.push('TELEGRAM_BOT_TOKEN: the token that @BotFather gave you');
  }
  if (switches.allowedUsers === undefined) {
    missing.push('ALLOWED_USERS: Telegram user ids that may use the bot, yours first');
  }
  if (!hasKeys(given, kept, switches)) {
    const { provider } = switches;
    missing.push(provider === 'bedrock' || provider === 'anthropic' ? KEYS_OF[provider] : KEYS_OF_ANY);
  }
  if (isNetworkUndecided(switches)) {
    missing.push(
      'AGENT_NETWORK=on: on AWS the agent’s shell cannot be kept from the network; or AGENT_SHELL=off',
    );
  }
  return missing;
}

/**
 * The shell and the network are off unless they were asked for, as with `npm start`.
 * @throws OperateError `settings_missing`, naming all of them
 */
export async function completeSettings(
  given: Given,
  kept: Kept,
  { asker, isBotKnown, region }: Asking,
): Promise<CompleteSettings> {
  const switches: GivenSwitches = { ...kept.switches, ...given.switches };
  const missing = missingSettings(given, kept, switches);
  if (missing.length > 0 && !asker) {
    const list = missing.map((name) => `\n  - ${name}`).join('');
    throw new OperateError('settings_missing', `Settings are missing:${list}`, {
      cure: 'Put them into .env or the environment, or run this in a terminal without --yes to be asked.',
    });
  }
  if (!asker) return { ...given, switches: withRegion(switches, region) };
  const botToken = given.botToken ?? (kept.hasBotToken ? undefined : await askForToken(asker, isBotKnown));
  const allowedUsers = switches.allowedUsers ?? (await askForUsers(asker));
  const provider = switches.provider ?? keysOf(given, kept) ?? (await askForProvider(asker));
  const chosen = { ...switches, allowedUsers, provider };
  const modelKeys = hasKeys(given, kept, chosen)
    ? given.modelKeys
    : await askForModelKeys(asker, provider === 'anthropic' ? 'anthropic' : 'bedrock');
  const shell = await askForShell(asker, chosen);
  return { botToken, modelKeys, switches: withRegion({ ...chosen, ...shell }, region) };
}

/** Keys of the other provider open nothing. */
function hasKeys(given: Given, kept: Kept, { provider }: GivenSwitches): boolean {
  const whose = keysOf(given, kept);
  return whose !== undefined && (provider === undefined || provider === whose);
}

function keysOf({ modelKeys }: Given, kept: Kept): Provider | undefined {
  return modelKeys === undefined ? kept.keysOf : providerOf(modelKeys);
}

function isNetworkUndecided({ shell, network }: GivenSwitches): boolean {
  return shell === 'on' && network !== 'on';
}

/** Without a region of its own, Bedrock is asked where the bot lives. */
function withRegion(switches: GivenSwitches, region: string): GivenSwitches {
  const isBedrock = switches.provider !== 'anthropic';
  return isBedrock ? { bedrockRegion: region, ...switches } : switches;
}

async function askForShell(asker: Asker, switches: GivenSwitches): Promise<GivenSwitches> {
  if (switches.shell === 'off' || switches.network === 'on') return {};
  const isWanted =
    switches.shell === 'on' ||
    (await asker.confirm('May the agent run shell commands? (it is off unless you say yes)'));
  if (!isWanted) return { shell: 'off', network: 'off' };
  const isOpened = await asker.confirm(
    'On AWS its commands then reach the internet, and what they read can leave. Open the network?',
  );
  return isOpened ? { shell: 'on', network: 'on' } : { shell: 'off', network: 'off' };
}
