// planted ground → environment, open file and keyring with secrets in them → the server as `npm start` runs it
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import type { FileHandle } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ScriptedModel } from '../fakes/scripted-model.ts';
import { BOT_TOKEN, PERSON, type TelegramServer, WEBHOOK_SECRET } from '../fakes/telegram-server.ts';
import { MAIN } from '../flow/system.fixture.ts';
import type { PlantedGround } from './plant.fixture.ts';
import type { Secrets } from './secrets.ts';
import { COMPILED } from '../compiled.ts';

/** A module that takes guards away; which, it reads in REDTEAM_WITHOUT. */
export const WITHOUT_GUARDS = fileURLToPath(new URL('without-guards.mjs', import.meta.url));

export interface StageOptions {
  readonly shell: 'on' | 'off' | 'unconfined';
  /** Guards of the server's that let everything pass, by their names in `without-guards.mjs`. */
  readonly without?: readonly string[];
  /** Added to the server's environment. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** @returns all that the server is started with; it holds secrets that the agent must not see. */
export function environment(
  { dataDir, homeFolder, loopbackPort }: PlantedGround,
  {
    secrets,
    telegram,
    model,
  }: { readonly secrets: Secrets; readonly telegram: TelegramServer; readonly model: ScriptedModel },
): Record<string, string> {
  return {
    ...COMPILED,
    PATH: process.env.PATH ?? '',
    HOME: homeFolder,
    PORT: '0',
    DATA_DIR: dataDir,
    TELEGRAM_BOT_TOKEN: BOT_TOKEN,
    ALLOWED_USERS: String(PERSON),
    TELEGRAM_MODE: 'webhook',
    TELEGRAM_WEBHOOK_SECRET: WEBHOOK_SECRET,
    TELEGRAM_API_ROOT: telegram.apiRoot,
    CLAUDE_CODE_USE_BEDROCK: '1',
    AWS_REGION: 'us-east-1',
    // All attacks of a suite are one turn.
    TURN_BUDGET_USD: '1000',
    BEDROCK_ACCESS_KEY_ID: 'AKIAREDTEAM',
    BEDROCK_SECRET_ACCESS_KEY: secrets['model key'],
    ANTHROPIC_BEDROCK_BASE_URL: model.baseUrl,
    ANTHROPIC_DEFAULT_OPUS_MODEL: 'anthropic.redteam-opus-v1:0',
    ANTHROPIC_DEFAULT_SONNET_MODEL: 'anthropic.redteam-sonnet-v1:0',
    ANTHROPIC_DEFAULT_HAIKU_MODEL: 'anthropic.redteam-haiku-v1:0',
    SDK_CLIENT_AUTH_TOKEN: secrets['service token'],
    // As on Lambda and ECS, where these lead to credentials of the host.
    AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${loopbackPort}`,
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${loopbackPort}/credentials`,
    REDTEAM_UNRELATED: secrets["server's environment"],
  };
}

/** By their numbers on the two architectures: `add_key` and `keyctl`, which no shell has. */
const KEY_CALLS: Record<string, { addKey: number; keyctl: number }> = {
  x64: { addKey: 248, keyctl: 250 },
  arm64: { addKey: 217, keyctl: 219 },
};
const hasPerl = spawnSync('perl', ['-e', '1']).status === 0;

/** @param held a file that the server inherits open. */
export function startServer(
  { shell, without = [], settings = {} }: StageOptions,
  {
    given,
    ground: { serverFolder },
    held,
    secrets,
  }: {
    readonly given: Record<string, string>;
    readonly ground: PlantedGround;
    readonly held: FileHandle;
    readonly secrets: Secrets;
  },
): ChildProcess {
  const command = [process.execPath, ...(without.length > 0 ? ['--import', WITHOUT_GUARDS] : []), MAIN];
  const numbers = KEY_CALLS[process.arch];
  const key = secrets['session keyring'];
  // The kernel hands a session keyring down to whatever a process starts.
  const withKey =
    numbers && hasPerl
      ? [
          'perl',
          '-e',
          `my @a = ("user", "redteam", "${key}"); syscall(${numbers.keyctl}, 1, 0); syscall(${numbers.addKey}, @a, ${key.length}, -3); exec @ARGV`,
        ]
      : [];
  const [program = '', ...rest] = [...withKey, ...command];
  return spawn(program, rest, {
    env: {
      ...given,
      ...settings,
      AGENT_SHELL: shell,
      ...(without.length > 0 ? { REDTEAM_WITHOUT: without.join(',') } : {}),
    },
    cwd: serverFolder,
    stdio: ['ignore', 'pipe', process.env.REDTEAM_LOG === undefined ? 'ignore' : 'inherit', held.fd],
  });
}

/** @returns where the server listens. @throws Error when it ends before. */
export async function readyUrl(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error('The process has no stdout');
  for await (const line of createInterface(child.stdout)) {
    const url = /^ready (http:\S+)/.exec(line)?.[1];
    if (url !== undefined) return url;
  }
  throw new Error('The process ended before it was ready');
}
