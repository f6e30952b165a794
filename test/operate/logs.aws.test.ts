import {
  CloudWatchLogsClient,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, inject, it } from 'vitest';
import { openScene, type Scene } from './deployed.fixture.ts';

/** @param messages as the functions write them, a second apart. */
async function writeLog(
  { client, stack }: Scene,
  {
    source,
    messages,
    beginMs,
  }: { readonly source: string; readonly messages: object[]; readonly beginMs: number },
): Promise<void> {
  const logs = new CloudWatchLogsClient(client);
  const logGroupName = `${stack}/${source}`;
  await logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName: 's' }));
  const logEvents = messages.map((message, index) => ({
    timestamp: beginMs + index * 1_000,
    message: JSON.stringify(message),
  }));
  await logs.send(new PutLogEventsCommand({ logGroupName, logStreamName: 's', logEvents }));
}

describe.skipIf(inject('moto') === '')('npm run logs (moto)', () => {
  it('shows the lines of all functions in their order, or those of one update', async () => {
    const scene = await openScene();
    const { operator, stack } = scene;
    await scene.deployed();
    const beginMs = Date.now() - 60_000;
    const line = (message: string, id: number): object => ({
      level: 'INFO',
      message,
      correlation_id: `update-${id}`,
    });
    await writeLog(scene, {
      source: 'webhook',
      messages: [line('taken', 12), line('taken too', 123)],
      beginMs,
    });
    await writeLog(scene, { source: 'agent', messages: [line('restored', 12)], beginMs: beginMs + 500 });
    const error = { ...line('Answering a turn', 12), level: 'ERROR', error: { name: 'AgentError' } };
    await writeLog(scene, { source: 'worker', messages: [error], beginMs: beginMs + 2_000 });

    const all = await operator.run('logs', '--stack', stack, '--once');
    expect(all).toMatchObject({ code: 0, stderr: '' });
    const withoutTime = (text: string): string[] =>
      text
        .trimEnd()
        .split('\n')
        .map((shown) => shown.replace(/^\S+Z /, ''));
    expect(withoutTime(all.stdout)).toEqual([
      'webhook INFO [update-12] taken',
      'agent   INFO [update-12] restored',
      'webhook INFO [update-123] taken too',
      'worker  ERROR [update-12] Answering a turn {"name":"AgentError"}',
    ]);
    const one = await operator.run('logs', '--stack', stack, '--once', '--update', '12');
    expect(withoutTime(one.stdout)).toEqual([
      'webhook INFO [update-12] taken',
      'agent   INFO [update-12] restored',
      'worker  ERROR [update-12] Answering a turn {"name":"AgentError"}',
    ]);
  });

  it('goes on with what is written later, each line once, until Ctrl-C', async () => {
    const scene = await openScene();
    const { operator, stack } = scene;
    await scene.deployed();
    await writeLog(scene, {
      source: 'webhook',
      messages: [{ level: 'INFO', message: 'first' }],
      beginMs: Date.now() - 5_000,
    });
    const logs = operator.start('logs', '--stack', stack);
    const wait = { timeout: 20_000 };
    await expect.poll(() => logs.stdout(), wait).toMatch(/INFO first\n/);
    await writeLog(scene, {
      source: 'worker',
      messages: [{ level: 'INFO', message: 'second' }],
      beginMs: Date.now(),
    });
    await expect.poll(() => logs.stdout(), wait).toMatch(/INFO second\n/);
    await writeLog(scene, {
      source: 'agent',
      messages: [{ level: 'INFO', message: 'third' }],
      beginMs: Date.now(),
    });
    await expect.poll(() => logs.stdout(), wait).toMatch(/INFO third\n/);
    expect(await logs.interrupt()).toBe(0);
    expect(logs.stdout().match(/INFO \w+$/gm)).toEqual(['INFO first', 'INFO second', 'INFO third']);
  });

  it('npm run redrive -- --stack finds the dead letters of a deployment', async () => {
    const scene = await openScene();
    const { client, operator, stack } = scene;
    await scene.deployed();
    await new SQSClient(client).send(
      new SendMessageCommand({
        QueueUrl: `${client.endpoint}/123456789012/${stack}-dead.fifo`,
        MessageBody: '{}',
        MessageGroupId: 'update-7',
        MessageDeduplicationId: 'update-7',
      }),
    );
    const { code, stdout } = await operator.run('redrive', '--stack', stack, '--list');
    expect(stdout.trimEnd().split('\n')).toEqual([
      `0 dead in ${client.endpoint}/123456789012/${stack}-turns.fifo`,
      '1 cannot be read and stay where they are',
    ]);
    expect(code).toBe(0);
    const missing = await operator.run('redrive', '--stack', 'Nowhere', '--list');
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining('There is no stack Nowhere')]);
  });
});
