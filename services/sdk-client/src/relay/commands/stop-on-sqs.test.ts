import type { Turn } from '@omnicloud/protocol';
import { expect, it, onTestFinished } from 'vitest';
import { SimulatedSqs } from '../../queue/sqs/sqs-simulated.fixture.ts';
import { handleSqsBatch } from '../../queue/sqs/sqs-delivery.ts';
import { SqsTurnQueue } from '../../queue/sqs/sqs-turn-queue.ts';
import { answered, refusing } from '../agent/agent-server.fixture.ts';
import { RelayScene, WHEN_COMPLETE } from '../relay-scene.fixture.ts';
import { turnOf } from '../../turn/turn.fixture.ts';

const STOP = turnOf({ update_id: 9, ask: { kind: 'command', command: 'stop' } });

/** A conversation on SQS whose clock stands still: only what is visible now is given out. */
async function openConversation() {
  const scene = await RelayScene.open();
  const sqs = await SimulatedSqs.open();
  onTestFinished(async () => {
    await sqs.close();
    await scene.close();
  });
  const urls = {
    queueUrl: sqs.urlOf('turns'),
    asideQueueUrl: sqs.urlOf('asides'),
    deadLetterQueueUrl: sqs.urlOf('dead'),
  };
  const queue = new SqsTurnQueue({
    client: sqs.client,
    ...urls,
    onError: (error) => scene.errors.push(error),
  });
  const handler = scene.handler(WHEN_COMPLETE, { queue });
  return {
    scene,
    sqs,
    urls,
    send: async (turn: Turn): Promise<void> => {
      await scene.backlog.add(turn);
      await queue.enqueue(turn);
    },
    deliver: async (queueUrl: string): Promise<boolean> => {
      const record = sqs.receive(queueUrl);
      if (record === undefined) return false;
      await handleSqsBatch([record], handler, { ...queue.deliveryFrom(), queueUrl });
      return true;
    },
  };
}

it('/stop on SQS ends a long wait, and what stands behind it is answered without any wait', async () => {
  const { scene, sqs, urls, send, deliver } = await openConversation();
  await send(turnOf({ update_id: 5 }));
  scene.agent.script(refusing('model_throttled'));
  await deliver(urls.queueUrl);
  await send(turnOf({ update_id: 10, message_id: 43 }));
  expect(await deliver(urls.queueUrl)).toBe(false);
  await send(STOP);
  await deliver(urls.asideQueueUrl);
  scene.agent.script(answered('Here I am.'));
  while (await deliver(urls.queueUrl));
  expect(sqs.nowMs).toBe(0);
  expect(scene.botApi.screen).toEqual([
    expect.stringMatching(/^Not yet/),
    '⏹ Stopped.',
    'Everything you asked before this is stopped.',
    'Here I am.',
  ]);
  expect(sqs.bodies(urls.queueUrl)).toEqual([]);
  expect(scene.errors).toHaveLength(1);
});

it('/stop on SQS is no error when the turn was given out again meanwhile', async () => {
  const { scene, sqs, urls, send, deliver } = await openConversation();
  await send(turnOf({ update_id: 5 }));
  scene.agent.script(refusing('model_throttled'));
  await deliver(urls.queueUrl);
  sqs.passUntilVisible(urls.queueUrl);
  sqs.receive(urls.queueUrl);
  await send(STOP);
  await deliver(urls.asideQueueUrl);
  expect(scene.botApi.screen.at(-1)).toBe('Everything you asked before this is stopped.');
  expect(scene.errors).toHaveLength(1);
});
