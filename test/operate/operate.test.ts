import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { WebhookInfo } from 'grammy/types';
import { SETTINGS } from '@omnicloud/settings';
import { describe, expect, it } from 'vitest';
import { parseSwitches } from '@omnicloud/infra/internal/switches.ts';
import { readArguments } from '@omnicloud/operate/internal/ask/arguments.ts';
import { type Asker, type Question, TerminalAsker } from '@omnicloud/operate/internal/ask/ask.ts';
import { checkUpdates } from '@omnicloud/operate/internal/checks/check-bot.ts';
import { completeSettings, type Kept } from '@omnicloud/operate/internal/ask/complete-settings.ts';
import { childEnvironment, readGivenSettings } from '@omnicloud/operate/internal/config.ts';
import { DEFAULT_STACK, STACK_DESCRIPTION, switchesOf } from '@omnicloud/operate/internal/aws/deployment.ts';
import { retaining } from '@omnicloud/operate/internal/aws/retain-data.ts';

const NOTHING = { botToken: undefined, modelKeys: undefined, switches: {} };
const NOTHING_KEPT: Kept = { hasBotToken: false, keysOf: undefined, switches: {} };
const REGION = 'eu-west-1';

/** Telegram knows one bot. */
const isBotKnown = (token: string): Promise<boolean> => Promise.resolve(token === '1:abc');

/** Gives the answers one by one, as long as the question takes them. */
function scripted(
  ...answers: string[]
): Asker & { readonly questions: Question[]; readonly confirmed: string[] } {
  const questions: Question[] = [];
  const confirmed: string[] = [];
  return {
    questions,
    confirmed,
    ask: async (question) => {
      questions.push(question);
      for (;;) {
        const answer = answers.shift() ?? '';
        if (answer === '') throw new Error(`Nobody answers: ${question.text}`);
        if ((await question.problemOf?.(answer)) === undefined) return answer;
      }
    },
    confirm: (text) => {
      confirmed.push(text);
      return Promise.resolve(answers.shift() === 'y');
    },
    close: () => undefined,
  };
}

/** Completes what is given, with somebody who answers so. */
function complete(
  given: Parameters<typeof completeSettings>[0],
  kept: Kept,
  asker: Asker | undefined,
): ReturnType<typeof completeSettings> {
  return completeSettings(given, kept, { asker, isBotKnown, region: REGION });
}

describe('what is missing', () => {
  const OFF = { shell: 'off', network: 'off' };
  const ALL_BUT_KEYS = { ...NOTHING, botToken: '1:abc', switches: { allowedUsers: '7', ...OFF } };

  it('is asked for, and secrets are not shown; what is no answer is asked again', async () => {
    const asker = scripted(
      'token?',
      '2:unknown',
      '1:abc',
      'everybody',
      '7, 8',
      'openai',
      'bedrock',
      'AKIAEXAMPLEEXAMPLE00',
      'secret',
      'n',
    );
    expect(await complete(NOTHING, NOTHING_KEPT, asker)).toEqual({
      botToken: '1:abc',
      modelKeys: { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLEEXAMPLE00', AWS_SECRET_ACCESS_KEY: 'secret' },
      // Without a region for it, Bedrock is asked where the bot lives.
      switches: { allowedUsers: '7, 8', provider: 'bedrock', bedrockRegion: REGION, ...OFF },
    });
    expect(asker.questions.map(({ isSecret = false }) => isSecret)).toEqual([true, false, false, true, true]);
  });

  it('of Bedrock is an API key, a pair of keys, or a temporary pair with its token', async () => {
    const keysOf = async (...answers: string[]): Promise<object | undefined> =>
      (await complete(ALL_BUT_KEYS, NOTHING_KEPT, scripted('bedrock', ...answers))).modelKeys;
    for (const key of ['ABSKapikey', 'bedrock-api-key-short']) {
      expect(await keysOf('what is this?', key)).toEqual({ AWS_BEARER_TOKEN_BEDROCK: key });
    }
    expect(await keysOf('ASIAEXAMPLEEXAMPLE00', 'secret', 'token')).toEqual({
      AWS_ACCESS_KEY_ID: 'ASIAEXAMPLEEXAMPLE00',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_SESSION_TOKEN: 'token',
    });
  });

  it('of Anthropic is a key, and no region is needed then', async () => {
    const asker = scripted('Anthropic', 'ABSKapikey', 'sk-ant-key');
    expect(await complete(ALL_BUT_KEYS, NOTHING_KEPT, asker)).toMatchObject({
      modelKeys: { ANTHROPIC_API_KEY: 'sk-ant-key' },
      switches: { provider: 'anthropic' },
    });
    const { switches } = await complete(
      { ...ALL_BUT_KEYS, modelKeys: { ANTHROPIC_API_KEY: 'k' } },
      NOTHING_KEPT,
      scripted(),
    );
    expect(switches).not.toHaveProperty('bedrockRegion');
  });

  it('are keys of the other provider, when that is chosen now', async () => {
    const kept: Kept = { hasBotToken: true, keysOf: 'bedrock', switches: { allowedUsers: '7', ...OFF } };
    const given = { ...NOTHING, switches: { provider: 'anthropic' } };
    expect(await complete(given, kept, scripted('sk-ant-key'))).toMatchObject({
      modelKeys: { ANTHROPIC_API_KEY: 'sk-ant-key' },
    });
    await expect(complete(given, kept, undefined)).rejects.toMatchObject({
      message: expect.stringMatching(/ANTHROPIC_API_KEY/) as string,
    });
  });

  it('is nothing that the deployment has already; what is given now wins over what was given then', async () => {
    const switches = {
      allowedUsers: '7',
      memory: '2048',
      provider: 'bedrock',
      bedrockRegion: 'us-west-2',
      ...OFF,
    };
    const kept: Kept = { hasBotToken: true, keysOf: 'bedrock', switches };
    const given = { ...NOTHING, switches: { memory: '3072' } };
    expect(await complete(given, kept, scripted())).toEqual({
      botToken: undefined,
      modelKeys: undefined,
      switches: { ...switches, memory: '3072' },
    });
  });

  it('and cannot be asked for, is listed whole', async () => {
    await expect(complete(NOTHING, NOTHING_KEPT, undefined)).rejects.toMatchObject({
      code: 'settings_missing',
      message: expect.stringMatching(
        /TELEGRAM_BOT_TOKEN[^]*ALLOWED_USERS[^]*BEDROCK_API_KEY[^]*ANTHROPIC_API_KEY/,
      ) as string,
    });
  });
});

describe('the shell and the network on AWS', () => {
  const given = { botToken: '1:abc', modelKeys: { AWS_BEARER_TOKEN_BEDROCK: 'k' } };
  const withSwitches = (switches: Record<string, string>) => ({
    ...given,
    switches: { allowedUsers: '7', ...switches },
  });

  it('are off when nobody can be asked and nobody asked for them', async () => {
    const { switches } = await complete(withSwitches({}), NOTHING_KEPT, undefined);
    expect(parseSwitches(switches)).toMatchObject({ shell: 'off', network: 'off' });
  });

  it.each([
    [{}, ['n'], 'off', 1],
    [{}, ['y', 'y'], 'on', 2],
    [{}, ['y', 'n'], 'off', 2],
    [{ shell: 'on' }, ['y'], 'on', 1],
    [{ shell: 'on' }, ['n'], 'off', 1],
    [{ shell: 'on', network: 'on' }, [], 'on', 0],
    [{ shell: 'off' }, [], 'off', 0],
  ])('given %j and answered %j, both are %s', async (switches, answers, expected, asked) => {
    const asker = scripted(...answers);
    const done = await complete(withSwitches(switches), NOTHING_KEPT, asker);
    expect(parseSwitches(done.switches)).toMatchObject({ shell: expected, network: expected });
    expect(asker.confirmed).toHaveLength(asked);
  });

  it('are not opened unasked: a shell alone is refused where nobody can be asked', async () => {
    await expect(complete(withSwitches({ shell: 'on' }), NOTHING_KEPT, undefined)).rejects.toMatchObject({
      message: expect.stringContaining('AGENT_NETWORK=on') as string,
    });
  });
});

describe('a terminal', () => {
  function open(): { asker: TerminalAsker; input: PassThrough; shown: () => string } {
    const input = new PassThrough();
    const output = new PassThrough();
    let shown = '';
    output.setEncoding('utf8').on('data', (text: string) => (shown += text));
    return { asker: new TerminalAsker(input, output, true), input, shown: () => shown };
  }

  it('shows what is typed, but not a secret', async () => {
    const { asker, input, shown } = open();
    const name = asker.ask({ text: 'Name' });
    input.write('Ada\r');
    expect(await name).toBe('Ada');
    // What a terminal still shows: all that was written since the line was last wiped.
    expect(shown().split('\u001b[0J').at(-1)).toMatch(/^Name: .*Ada/);
    const token = asker.ask({ text: 'Token', isSecret: true });
    input.write('1:hidden\r');
    expect(await token).toBe('1:hidden');
    asker.close();
    expect(shown()).toContain('Name: ');
    expect(shown()).toContain('Ada');
    expect(shown()).toContain('Token: ');
    expect(shown()).not.toContain('hidden');
  });

  it('asks again and says why, and ends with Ctrl-C', async () => {
    const { asker, input, shown } = open();
    const answer = asker.ask({
      text: 'Number',
      problemOf: (text) => (/^\d+$/.test(text) ? undefined : 'Not a number.'),
    });
    input.write('x\r');
    await expect.poll(shown).toMatch(/Not a number\.\n[^]*Number: /);
    input.write('\u0003');
    await expect(answer).rejects.toMatchObject({ name: 'AbortError' });
    asker.close();
  });

  it('takes only a clear yes for one', async () => {
    for (const [typed, meant] of [
      ['y', true],
      ['Yes', true],
      ['', false],
      ['yesterday', false],
    ] as const) {
      const { asker, input } = open();
      const answer = asker.confirm('Sure?');
      input.write(`${typed}\r`);
      expect(await answer).toBe(meant);
      asker.close();
    }
  });
});

describe('settings', () => {
  it('are read from the environment; a flag wins', () => {
    const environment = {
      TELEGRAM_BOT_TOKEN: '1:abc',
      ALLOWED_USERS: '1,2',
      BEDROCK_API_KEY: 'key',
      ANTHROPIC_DEFAULT_SONNET_MODEL: 'a-model',
      MAX_CONTINUATIONS: '',
    };
    const { switches } = readArguments(['--allowed-users', '3', '--daily-budget-usd', '5'], {
      takesSwitches: true,
    });
    expect(readGivenSettings(switches, environment)).toEqual({
      botToken: '1:abc',
      modelKeys: { AWS_BEARER_TOKEN_BEDROCK: 'key' },
      switches: { allowedUsers: '3', sonnetModel: 'a-model', dailyBudgetUsd: '5', provider: 'bedrock' },
      apiRoot: 'https://api.telegram.org',
      builder: 'docker',
      notices: [],
    });
  });

  it('are all carried to AWS, or it is said that they have no effect there', () => {
    const values: Record<string, string> = {
      TELEGRAM_BOT_TOKEN: '1:abc',
      ALLOWED_USERS: '1',
      TELEGRAM_MODE: 'polling',
      TELEGRAM_API_ROOT: 'https://bots.example',
      CLAUDE_CODE_USE_BEDROCK: '1',
      BEDROCK_ACCESS_KEY_ID: 'id',
      BEDROCK_SECRET_ACCESS_KEY: 'secret',
      BEDROCK_SESSION_TOKEN: 'token',
      ANTHROPIC_BEDROCK_BASE_URL: 'https://gateway.example',
      AGENT_SHELL: 'on',
      AGENT_NETWORK: 'on',
    };
    const other = '7';
    const local = Object.entries(SETTINGS).filter(([, { isLocal }]) => isLocal);
    for (const [name, { onAws }] of local) {
      const isAlone = ['BEDROCK_API_KEY', 'AWS_BEARER_TOKEN_BEDROCK', 'ANTHROPIC_API_KEY'].includes(name);
      const isAnthropic = name === 'ANTHROPIC_BASE_URL';
      const environment: Record<string, string> = isAlone
        ? { [name]: 'key' }
        : isAnthropic
          ? { [name]: 'https://gateway.example', ANTHROPIC_API_KEY: 'key' }
          : { ...values, [name]: values[name] ?? other };
      const { switches, notices, botToken, modelKeys } = readGivenSettings({}, environment);
      const secrets = JSON.stringify([botToken, modelKeys]);
      if (onAws.by === 'switch') expect([name, switches[onAws.switch]]).toEqual([name, expect.any(String)]);
      else if (onAws.by === 'secret') expect(secrets).toContain(environment[name]);
      else if (name !== 'AWS_REGION') expect(notices.join()).toContain(`${name} is not used on AWS: `);
    }
  });

  it('that are mistyped in .env keep a deployment from beginning', () => {
    const file = { TELEGRAM_BOT_TOKE: '1:abc', BEDROCK_ACCESS_KEY_ID: 'A' };
    expect(() => readGivenSettings({}, { ...file }, file)).toThrow(
      /did you mean TELEGRAM_BOT_TOKEN\?[^]*BEDROCK_SECRET_ACCESS_KEY/,
    );
  });

  it('of two providers need a word which one is meant', () => {
    const both = { ANTHROPIC_API_KEY: 'a', BEDROCK_API_KEY: 'b' };
    expect(() => readGivenSettings({}, both)).toThrow(/CLAUDE_CODE_USE_BEDROCK must be 1 or 0/);
    const given = (choice: string) => readGivenSettings({}, { ...both, CLAUDE_CODE_USE_BEDROCK: choice });
    expect(given('1')).toMatchObject({ switches: { provider: 'bedrock' } });
    expect(given('0')).toMatchObject({
      switches: { provider: 'anthropic' },
      modelKeys: { ANTHROPIC_API_KEY: 'a' },
    });
  });

  it('of an unconfined shell are not for AWS, unless a flag says otherwise', () => {
    const environment = { AGENT_SHELL: 'unconfined' };
    expect(() => readGivenSettings({}, environment)).toThrow(/AGENT_SHELL must be on or off on AWS/);
    expect(readGivenSettings({ shell: 'off' }, environment).switches.shell).toBe('off');
  });

  it('that are wrong are named, without their values', () => {
    const read = (): unknown =>
      readGivenSettings({}, { TELEGRAM_BOT_TOKEN: 'oops', BEDROCK_ACCESS_KEY_ID: 'A' });
    expect(read).toThrow(/TELEGRAM_BOT_TOKEN[^]*BEDROCK_SECRET_ACCESS_KEY/);
    expect(read).not.toThrow(/oops/);
  });

  it('that are secret are not handed to programs', () => {
    const secrets = {
      TELEGRAM_BOT_TOKEN: '1:abc',
      BEDROCK_SECRET_ACCESS_KEY: 's',
      BEDROCK_API_KEY: 'k',
      AWS_BEARER_TOKEN_BEDROCK: 'b',
      ANTHROPIC_API_KEY: 'a',
      SDK_CLIENT_AUTH_TOKEN: 't',
      AGENT_SERVER_AUTH_TOKEN: 't',
    };
    const others = { PATH: '/bin', AWS_PROFILE: 'p', AWS_SECRET_ACCESS_KEY: 'the deployer’s own' };
    expect(childEnvironment({ X: '1' }, { ...secrets, ...others })).toEqual({ ...others, X: '1' });
  });

  it('flags that are unknown or stack names that cannot be are refused', () => {
    expect(() => readArguments(['--memroy', '1'], { takesSwitches: true })).toThrow(/--memroy/);
    expect(() => readArguments(['--stack', '../x'], {})).toThrow(/--stack must/);
  });

  it('of an earlier deployment come back as they were given, and infra takes them', () => {
    const switches = {
      allowedUsers: '1,2',
      versioning: true,
      corsOrigins: ['https://a.example', 'https://b.example'],
    };
    const outputs = { Switches: JSON.stringify({ ...switches, corsOrigins: switches.corsOrigins }) };
    const back = switchesOf({ stack: 'A', status: 'CREATE_COMPLETE', outputs: outputs as never });
    expect(parseSwitches(back)).toMatchObject(switches);
  });

  it('a stack is known by the description that infra gives it', async () => {
    const source = await readFile(
      join(import.meta.dirname, '../../infra/src/stack/omnicloud-stack.ts'),
      'utf8',
    );
    expect(source).toContain(`description: '${STACK_DESCRIPTION}`);
  });

  it('the stack that is meant when none is named is the one that infra makes then', () => {
    expect(parseSwitches({ allowedUsers: '1' }).deployment).toBe(DEFAULT_STACK);
  });
});

describe('keeping the data', () => {
  it('changes bucket and table and nothing else, and nothing when they are kept already', () => {
    const queue = { Type: 'AWS::SQS::Queue' };
    const kept = { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' };
    const bucket = { Type: 'AWS::S3::Bucket', DeletionPolicy: 'Delete', Properties: { a: 1 } };
    const table = { Type: 'AWS::DynamoDB::Table' };
    const template = { Outputs: {}, Resources: { queue, bucket, table } };
    const changed = retaining(template);
    expect(changed).toEqual({
      Outputs: {},
      Resources: { queue, bucket: { ...bucket, ...kept }, table: { ...table, ...kept } },
    });
    expect(retaining(changed ?? template)).toBeUndefined();
  });
});

describe('the way updates come', () => {
  const NOW_MS = Date.UTC(2026, 0, 1);
  const info = (changes: Partial<WebhookInfo>): WebhookInfo => ({
    url: 'https://a.example/webhook',
    has_custom_certificate: false,
    pending_update_count: 0,
    ...changes,
  });
  const wrongs = (changes: Partial<WebhookInfo>, expected: Parameters<typeof checkUpdates>[1]): string[] =>
    checkUpdates(info(changes), expected, NOW_MS)
      .filter(({ state }) => state === 'wrong')
      .map(({ what }) => what);
  const ours = { kind: 'webhook', url: 'https://a.example/webhook' } as const;

  it('by webhook: it is ours, Telegram gets through, and nothing piles up', () => {
    expect(wrongs({}, ours)).toEqual([]);
    expect(wrongs({ url: '' }, ours)).toEqual(['No webhook is set, so nothing arrives']);
    expect(wrongs({ url: 'https://b.example' }, ours)).toEqual([expect.stringContaining('instead of')]);
    const last_error_message = 'Wrong response from the webhook: 401 Unauthorized';
    const failedAt = (ago_s: number): object => ({
      last_error_date: NOW_MS / 1_000 - ago_s,
      last_error_message,
    });
    expect(wrongs(failedAt(60), ours)).toEqual([expect.stringContaining('401 Unauthorized')]);
    expect(wrongs(failedAt(3_600), ours)).toEqual([]);
    expect(wrongs({ pending_update_count: 21 }, ours)).toEqual(['21 updates wait at Telegram']);
  });

  it('by polling: no webhook may be set', () => {
    expect(wrongs({ url: '' }, { kind: 'polling' })).toEqual([]);
    expect(wrongs({}, { kind: 'polling' })).toEqual([expect.stringContaining('whoever runs there answers')]);
  });
});
