import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CloudFormationClient, CreateStackCommand } from '@aws-sdk/client-cloudformation';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { describe, expect, inject, it } from 'vitest';
import type { CdkCall } from './cdk-stand-in.ts';
import { startLambda, startModel } from './edges.fixture.ts';
import { KEYS, openScene, OTHER_TOKEN, PERSON_ID, type Scene, TOKEN } from './deployed.fixture.ts';

const methodsOf = ({ calls }: Scene): string[] =>
  calls.map(({ method }) => method).filter((method) => !method.startsWith('get'));

async function deploymentsOf({ operator }: Scene): Promise<CdkCall[]> {
  return (await operator.cdkCalls()).filter(({ args }) => args[0] === 'deploy');
}

async function secretOf({ client, stack }: Scene, name: string): Promise<string | undefined> {
  const secrets = new SecretsManagerClient(client);
  const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: `${stack}-${name}` }));
  return SecretString;
}

describe.skipIf(inject('moto') === '')(
  'npm run deploy (moto, the Telegram stand-in, a stand-in for cdk)',
  () => {
    it('goes from an empty account to a connected bot', async () => {
      const scene = await openScene('eu-west-1');
      const { operator, stack, calls } = scene;
      const ran = await scene.deploy('--alarm-email', 'ops@example.org', '--memory', '3072');
      expect(ran).toMatchObject({ code: 0, stderr: '' });
      expect(ran.stdout).toContain('ready https://t.me/omnicloud_agent_bot');

      const [bootstrap, deploy, ...more] = await operator.cdkCalls();
      expect(more).toEqual([]);
      expect(bootstrap?.args).toEqual(['bootstrap', `aws://123456789012/${scene.client.region}`]);
      expect(deploy?.args.slice(0, 4)).toEqual(['deploy', stack, '--require-approval', 'never']);
      expect(deploy?.args).toEqual(
        expect.arrayContaining([
          `deployment=${stack}`,
          `allowedUsers=${PERSON_ID},5`,
          'botUsername=omnicloud_agent_bot',
          'alarmEmail=ops@example.org',
          'memory=3072',
        ]),
      );

      expect(await secretOf(scene, 'bot-token')).toBe(TOKEN);
      expect(JSON.parse((await secretOf(scene, 'bedrock-keys')) ?? '')).toEqual(KEYS);
      expect(methodsOf(scene)).toEqual(['setWebhook', 'setMyCommands', 'setMyCommands', 'sendMessage']);
      expect(calls.find(({ method }) => method === 'setWebhook')?.payload).toMatchObject({
        url: `https://${stack.toLowerCase()}.example.org/webhook`,
        secret_token: await secretOf(scene, 'webhook'),
        allowed_updates: ['message'],
        max_connections: 40,
        drop_pending_updates: false,
      });
      expect(calls.at(-1)?.payload).toMatchObject({ chat_id: PERSON_ID });
    });

    it('lets no secret be seen: not in its output, not in the arguments or the environment of cdk', async () => {
      const scene = await openScene();
      const { stdout, stderr } = await scene.deploy();
      const [deploy] = await deploymentsOf(scene);
      const shown = stdout + stderr + JSON.stringify(deploy);
      expect(shown).toContain(scene.stack);
      const secrets = [TOKEN, ...Object.values(KEYS), await secretOf(scene, 'webhook')];
      for (const secret of secrets) expect(shown).not.toContain(secret);
    });

    it('done again from another machine that was told nothing, it finds everything in AWS and changes nothing', async () => {
      const scene = await openScene();
      await scene.deploy('--memory', '3072');
      const [before] = await deploymentsOf(scene);
      scene.calls.length = 0;
      for (const name of [
        'TELEGRAM_BOT_TOKEN',
        'ALLOWED_USERS',
        'BEDROCK_ACCESS_KEY_ID',
        'BEDROCK_SECRET_ACCESS_KEY',
      ]) {
        // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- a variable that is not set is none at all
        delete scene.operator.environment[name];
      }
      await rm(join(scene.operator.directory, 'cdk-calls'));
      const ran = await scene.deploy();
      expect(ran).toMatchObject({ code: 0, stderr: '' });
      const [again, ...more] = await scene.operator.cdkCalls();
      expect(more).toEqual([]);
      expect([...(again?.args ?? [])].sort()).toEqual([...(before?.args ?? [])].sort());
      // Telegram itself knows that the same webhook is no change.
      expect(methodsOf(scene)).toEqual(['setWebhook']);
      expect(ran.stdout.match(/^ {2}– /gm)).toHaveLength(6);
    });

    it('looks at the account and the model before it builds, says what it costs, and names all that is wrong at once', async () => {
      const scene = await openScene();
      const { environment } = scene.operator;
      environment.AWS_ENDPOINT_URL_LAMBDA = (await startLambda(10)).url;
      environment.ANTHROPIC_BEDROCK_BASE_URL = (await startModel(403)).url;
      const { code, stderr } = await scene.deploy();
      expect([code, stderr]).toEqual([
        1,
        expect.stringMatching(
          /10 functions may run at once here, and 10 turns[^]*The model a-sonnet does not answer: 403/,
        ),
      ]);
      expect(stderr).toContain('--concurrency 4');
      expect(await scene.operator.cdkCalls()).toEqual([]);
      environment.ANTHROPIC_BEDROCK_BASE_URL = (await startModel(200)).url;
      const { code: done, stdout } = await scene.deploy('--concurrency', '4');
      expect([done, stdout]).toEqual([
        0,
        expect.stringMatching(/While nobody writes it costs about \$\d+\.\d\d a month/),
      ]);
    });

    it('brings an outdated CDK up to date', async () => {
      const scene = await openScene('eu-west-2');
      const { operator, client } = scene;
      await new CloudFormationClient(client).send(
        new CreateStackCommand({
          StackName: 'CDKToolkit',
          TemplateBody: JSON.stringify({
            Resources: { Bucket: { Type: 'AWS::S3::Bucket' } },
            Outputs: { BootstrapVersion: { Value: '5' } },
          }),
        }),
      );
      const { code, stdout } = await scene.deploy();
      expect([code, stdout]).toEqual([0, expect.stringContaining('brought up to date')]);
      expect((await operator.cdkCalls()).map(({ args }) => args[0])).toEqual(['bootstrap', 'deploy']);
    });

    it('takes a key of Anthropic into the secret, and hands everything of .env over or says that it is not used', async () => {
      const scene = await openScene();
      const { environment } = scene.operator;
      for (const name of [
        'BEDROCK_ACCESS_KEY_ID',
        'BEDROCK_SECRET_ACCESS_KEY',
        'ANTHROPIC_BEDROCK_BASE_URL',
      ]) {
        environment[name] = '';
      }
      Object.assign(environment, {
        ANTHROPIC_API_KEY: 'sk-ant-secret',
        ANTHROPIC_BASE_URL: (await startModel(200)).url,
        AGENT_SHELL: 'on',
        AGENT_NETWORK: 'on',
        TURN_BUDGET_USD: '3',
        PORT: '9000',
      });
      const { code, stdout, stderr } = await scene.deploy();
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toContain('PORT is not used on AWS');
      const [deploy] = await deploymentsOf(scene);
      expect(deploy?.args).toEqual(
        expect.arrayContaining(['provider=anthropic', 'shell=on', 'network=on', 'turnBudgetUsd=3']),
      );
      expect(JSON.stringify(deploy) + stdout).not.toContain('sk-ant-secret');
      expect(JSON.parse((await secretOf(scene, 'bedrock-keys')) ?? '')).toEqual({
        ANTHROPIC_API_KEY: 'sk-ant-secret',
      });
    });

    it('goes on where it was cut off', async () => {
      const scene = await openScene();
      scene.operator.environment.CDK_FAILS = '1';
      const failed = await scene.deploy();
      expect(failed.code).toBe(1);
      expect(failed.stderr).toMatch(/the image could not be built[\s\S]*`cdk deploy` failed/);
      expect(methodsOf(scene)).toEqual([]);

      scene.operator.environment.CDK_FAILS = '';
      expect(await scene.deploy()).toMatchObject({ code: 0 });
      expect(await deploymentsOf(scene)).toHaveLength(2);
    });

    it('writes a secret that was changed, and only that', async () => {
      const scene = await openScene();
      await scene.deploy();
      scene.operator.environment.BEDROCK_SECRET_ACCESS_KEY = 'another';
      const { stdout } = await scene.deploy();
      expect(stdout).toContain('✓ the model’s keys written');
      expect(stdout).toContain('– the bot token is as it was');
      expect(JSON.parse((await secretOf(scene, 'bedrock-keys')) ?? '')).toMatchObject({
        AWS_SECRET_ACCESS_KEY: 'another',
      });
    });

    it('without a terminal it names everything that is missing, and begins nothing', async () => {
      const scene = await openScene();
      Object.assign(scene.operator.environment, {
        TELEGRAM_BOT_TOKEN: '',
        ALLOWED_USERS: '',
        BEDROCK_ACCESS_KEY_ID: '',
        BEDROCK_SECRET_ACCESS_KEY: '',
      });
      const { code, stderr } = await scene.deploy();
      expect(code).toBe(1);
      expect(stderr).toMatch(/TELEGRAM_BOT_TOKEN[\s\S]*ALLOWED_USERS[\s\S]*BEDROCK_API_KEY/);
      expect(await scene.operator.cdkCalls()).toEqual([]);
    });

    it('a token that Telegram does not know is said before anything is built', async () => {
      const scene = await openScene();
      scene.operator.environment.TELEGRAM_BOT_TOKEN = '1:unknown';
      const { code, stderr } = await scene.deploy();
      expect([code, stderr]).toEqual([1, expect.stringContaining('Telegram does not know the bot token')]);
      expect(stderr).not.toContain('1:unknown');
      expect(await scene.operator.cdkCalls()).toEqual([]);
    });

    it('switches that are wrong are named, all of them', async () => {
      const scene = await openScene();
      const { code, stderr } = await scene.deploy('--memory', '5', '--isolation', 'none');
      expect(code).toBe(1);
      expect(stderr).toMatch(/isolation[\s\S]*memory|memory[\s\S]*isolation/);
      expect(await scene.operator.cdkCalls()).toEqual([]);
    });

    it('an owner who never wrote to the bot is told to press Start, and greeted the next time', async () => {
      const scene = await openScene();
      scene.operator.environment.ALLOWED_USERS = '4242';
      const { code, stdout } = await scene.deploy();
      expect([code, stdout]).toEqual([0, expect.stringContaining('press Start')]);
      scene.operator.environment.ALLOWED_USERS = String(PERSON_ID);
      expect((await scene.deploy()).stdout).toContain(`a first message to ${PERSON_ID}`);
      expect((await scene.deploy()).stdout).toContain('the owner has had a first message');
    });

    it('another bot takes the place of the former one, which then gets no updates any more', async () => {
      const scene = await openScene();
      await scene.deployed();
      scene.operator.environment.TELEGRAM_BOT_TOKEN = OTHER_TOKEN;
      expect(await scene.deploy()).toMatchObject({ code: 0, stderr: '' });
      expect(methodsOf(scene)).toEqual(['deleteWebhook', 'deleteMyCommands', 'deleteMyCommands']);
      expect(await secretOf(scene, 'bot-token')).toBe(OTHER_TOKEN);
    });
  },
);
