import { sessionKeyOf, type Turn } from '@omnicloud/protocol';
import { expect, it, onTestFinished } from 'vitest';
import type { BacklogEntry } from '../queue/backlog/backlog.ts';
import { sqsCrowd } from '../queue/sqs/sqs-crowd.ts';
import { SimulatedSqs } from '../queue/sqs/sqs-simulated.fixture.ts';
import { SqsTurnQueue } from '../queue/sqs/sqs-turn-queue.ts';
import { turnOf } from '../turn/turn.fixture.ts';
import { placeReply } from './place-reply.ts';
import { ToldStrangers } from '../people/told-strangers.ts';
import { ADA, NO_STOPS, privateMessage, RECEPTION } from './updates.fixture.ts';
import { SECRET_HEADER } from './verify-secret.ts';
import { createWebhook } from './webhook.ts';

const PARALLEL_TURNS = 2;
const SECRET = 'the_secret-1';

/** A webhook before an SQS whose workers have the first message of each of so many other chats. */
async function openWebhook({ busy, waiting }: { busy: number; waiting: number }) {
  const sqs = await SimulatedSqs.open();
  onTestFinished(() => sqs.close());
  const queueUrl = sqs.urlOf('turns');
  const options = { client: sqs.client, queueUrl, deadLetterQueueUrl: sqs.urlOf('dead') };
  const queue = new SqsTurnQueue({ ...options, onError: () => undefined });
  for (let chat = 1; chat <= busy + waiting; chat += 1)
    await queue.enqueue(turnOf({ update_id: chat, chat_id: String(chat) }));
  for (let worker = 1; worker <= busy; worker += 1) sqs.receive(queueUrl);
  const noted: Turn[] = [];
  const errors: unknown[] = [];
  const onError = (error: unknown): void => void errors.push(error);
  const list = (group: string): Promise<BacklogEntry[]> =>
    Promise.resolve(
      noted.filter((turn) => sessionKeyOf(turn) === group).map((turn, index) => ({ turn, behind: index })),
    );
  const places = { crowd: () => sqsCrowd(sqs.client, queueUrl), parallelTurns: PARALLEL_TURNS };
  const webhook = createWebhook({
    ...RECEPTION,
    secret: SECRET,
    queue,
    stops: NO_STOPS,
    backlog: { add: (turn) => Promise.resolve(void noted.push(turn)) },
    strangers: new ToldStrangers(),
    onStranger: () => undefined,
    onIgnored: () => undefined,
    onError,
    replyTo: (turn) => placeReply(turn, { ...places, backlog: { list }, onError }),
  });
  return {
    sqs,
    errors,
    /** @returns the answer's status, and the call that it asks Telegram for. */
    post: async (update: object): Promise<[number, unknown]> => {
      const headers = { 'content-type': 'application/json', [SECRET_HEADER]: SECRET };
      const response = await webhook.request('/webhook', {
        method: 'POST',
        headers,
        body: JSON.stringify(update),
      });
      const text = await response.text();
      return [response.status, text === '' ? undefined : JSON.parse(text)];
    },
  };
}

it('A message that finds all workers busy is told about how many wait before it, in its user’s language', async () => {
  const { post } = await openWebhook({ busy: 2, waiting: 3 });
  expect(await post(privateMessage({ text: 'Hello' }))).toEqual([
    200,
    {
      method: 'sendMessage',
      chat_id: String(ADA.id),
      text: 'Your message is waiting to be taken up: about 3 before you.',
      disable_notification: true,
      reply_parameters: { message_id: 42, allow_sending_without_reply: true },
    },
  ]);
});

it('The next one in the line is told that it waits, without a number', async () => {
  const { post } = await openWebhook({ busy: 2, waiting: 0 });
  const [, reply] = await post(privateMessage({ text: 'Hello', from: { ...ADA, language_code: 'zh' } }));
  expect(reply).toMatchObject({ text: '你的消息正在等待处理。' });
});

it.each([
  ['a worker is free', { busy: 1, waiting: 0 }, { text: 'Hello' }],
  ['it is a command, which waits for nobody', { busy: 2, waiting: 3 }, { text: '/status' }],
])('Nothing is said when %s', async (_why, crowd, content) => {
  const { post } = await openWebhook(crowd);
  expect(await post(privateMessage(content))).toEqual([200, undefined]);
});

it('Nothing is said when the conversation has a message before it: that one’s worker marks it', async () => {
  const { post } = await openWebhook({ busy: 2, waiting: 0 });
  await post(privateMessage({ text: 'Hello' }));
  const second = { ...privateMessage({ text: 'And', message_id: 43 }), update_id: 812_345_679 };
  expect(await post(second)).toEqual([200, undefined]);
});

it('A queue that does not say how full it is costs the message nothing', async () => {
  const { sqs, post, errors } = await openWebhook({ busy: 2, waiting: 0 });
  sqs.refuses = 'GetQueueAttributes';
  expect(await post(privateMessage({ text: 'Hello' }))).toEqual([200, undefined]);
  expect(errors).toHaveLength(1);
  expect(sqs.bodies(sqs.urlOf('turns'))).toHaveLength(3);
});
