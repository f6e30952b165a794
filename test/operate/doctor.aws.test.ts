import { CloudWatchClient, PutMetricDataCommand, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, inject, it } from 'vitest';
import { openScene, type Scene } from './deployed.fixture.ts';

interface Finding {
  state: 'ok' | 'wrong' | 'note';
  what: string;
  cure?: string;
}

async function examine({ operator, stack }: Scene): Promise<{ code: number | null; wrong: Finding[] }> {
  const { code, stdout } = await operator.run('doctor', '--stack', stack, '--json');
  const findings = JSON.parse(stdout) as Finding[];
  return { code, wrong: findings.filter(({ state }) => state === 'wrong') };
}

async function putDeadLetter({ client, stack }: Scene): Promise<void> {
  await new SQSClient(client).send(
    new SendMessageCommand({
      QueueUrl: `${client.endpoint}/123456789012/${stack}-dead.fifo`,
      MessageBody: '{}',
      MessageGroupId: 'a',
      MessageDeduplicationId: 'a',
    }),
  );
}

describe.skipIf(inject('moto') === '')('npm run doctor -- --aws (moto, the Telegram stand-in)', () => {
  it('finds nothing wrong after a deployment', async () => {
    const scene = await openScene();
    await scene.deployed();
    const { operator, stack } = scene;
    const { code, stdout } = await operator.run('doctor', '--aws', '--stack', stack);
    expect(stdout).not.toContain('✗');
    expect(code).toBe(0);
    expect(stdout).toContain(`✓ The webhook is https://${stack.toLowerCase()}.example.org/webhook`);
    expect(stdout).toContain('✓ None of 1 alarms rings');
    expect(stdout).toContain('✓ None of 1 functions failed within the hour');
  });

  it('names what is wrong and how to fix it, all at once', async () => {
    const scene = await openScene();
    await scene.deployed();
    const { client, operator, stack } = scene;
    const secrets = new SecretsManagerClient(client);
    await secrets.send(
      new PutSecretValueCommand({ SecretId: `${stack}-bedrock-keys`, SecretString: 'placeholder' }),
    );
    const { TELEGRAM_API_ROOT: apiRoot = '', TELEGRAM_BOT_TOKEN: token = '' } = operator.environment;
    await fetch(`${apiRoot}/bot${token}/deleteWebhook`);
    await putDeadLetter(scene);
    const metrics = new CloudWatchClient(client);
    await metrics.send(
      new SetAlarmStateCommand({
        AlarmName: `${stack}-DeadLetters`,
        StateValue: 'ALARM',
        StateReason: 'a test',
      }),
    );
    await metrics.send(
      new PutMetricDataCommand({
        Namespace: 'AWS/Lambda',
        MetricData: [
          {
            MetricName: 'Errors',
            Dimensions: [{ Name: 'FunctionName', Value: `${stack}-worker` }],
            Timestamp: new Date(Date.now() - 60_000),
            Value: 3,
          },
        ],
      }),
    );
    const { code, wrong } = await examine(scene);
    expect(code).toBe(1);
    expect(wrong.map(({ what }) => what).sort()).toEqual([
      '1 turns were given up',
      'No webhook is set, so nothing arrives',
      `${stack}-worker failed 3 times within the hour`,
      `The alarm ${stack}-DeadLetters rings`,
      'The secret with the model’s keys holds something else',
    ]);
    expect(wrong.every(({ cure }) => cure)).toBe(true);
    expect(wrong.find(({ what }) => what.includes('rings'))?.cure).toContain('docs/runbook.md#');
  });

  it('says that there is no such stack, or that AWS does not answer', async () => {
    const scene = await openScene();
    const { code, wrong } = await examine(scene);
    expect([code, wrong]).toEqual([
      1,
      [
        {
          state: 'wrong',
          what: expect.stringContaining(`no stack ${scene.stack}`) as string,
          cure: expect.any(String) as string,
        },
      ],
    ]);
    scene.operator.environment.AWS_ENDPOINT_URL = 'http://127.0.0.1:1';
    scene.operator.environment.AWS_MAX_ATTEMPTS = '1';
    expect((await examine(scene)).wrong).toMatchObject([
      { what: expect.stringContaining('AWS does not answer in the region') as string },
    ]);
  });
});
