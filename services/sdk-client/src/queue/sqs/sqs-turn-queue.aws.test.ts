import {
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { Turn } from '@omnicloud/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { QueueUnavailableError } from '../../errors.ts';
import { UnreadableTurnError } from '../queue-errors.ts';
import { sampleTurn, TO_HELP } from '../sample-turn.fixture.ts';
import { DONE, EventLog, eventLoopTurns, logged, RETRY, whileServing } from '../serving.fixture.ts';
import { createQueues, type QueueUrls, sqsClient } from './sqs-queues.fixture.ts';
import { SqsTurnQueue, type SqsTurnQueueOptions } from './sqs-turn-queue.ts';
import type { Outcome, TurnQueue } from '../turn-queue.ts';
import type { OpenTurnQueue } from '../open-turn-queue.fixture.ts';
import { describeTurnQueue } from '../turn-queue.contract.ts';

const endpoint = inject('moto');

describe.skipIf(endpoint === '')('SQS (moto)', () => {
  let client: SQSClient;
  let urls: QueueUrls;
  let errors: unknown[];

  beforeAll(() => {
    client = sqsClient(endpoint);
  });
  beforeEach(async () => {
    urls = await createQueues(client);
    errors = [];
  });
  afterAll(() => client.destroy());

  /** moto's long poll sleeps through a group that becomes free, so nothing is waited for. */
  function open(options: Partial<SqsTurnQueueOptions> = {}): SqsTurnQueue {
    const onError = (error: unknown): unknown => errors.push(error);
    return new SqsTurnQueue({ client, ...urls, onError, retryDelayMs: () => 0, waitSeconds: 0, ...options });
  }

  function send(updateId: number, body: string): Promise<unknown> {
    const MessageDeduplicationId = `update-${updateId}`;
    return client.send(
      new SendMessageCommand({
        QueueUrl: urls.queueUrl,
        MessageBody: body,
        MessageGroupId: '1:0',
        MessageDeduplicationId,
      }),
    );
  }

  it('hands out commands that touch no session while all slots of turns are busy', async () => {
    const { queueUrl: asideQueueUrl } = await createQueues(client);
    const queue = open({ asideQueueUrl, concurrency: 1 });
    const busy = Promise.withResolvers<Outcome>();
    const begun: number[] = [];
    const answered = Promise.withResolvers<undefined>();
    await queue.enqueue(sampleTurn(1));
    await queue.enqueue(sampleTurn(2, { chat_id: '2' }));
    await queue.enqueue(sampleTurn(3, TO_HELP));
    const stop = new AbortController();
    const serving = queue.serve(
      {
        handle: (turn) => {
          begun.push(turn.update_id);
          if (turn.update_id !== 3) return busy.promise;
          answered.resolve(undefined);
          return Promise.resolve(DONE);
        },
        giveUp: () => Promise.resolve(undefined),
      },
      stop.signal,
    );
    await answered.promise;
    expect(begun.filter((id) => id !== 3)).toHaveLength(begun.length - 1);
    expect(begun).not.toEqual(expect.arrayContaining([1, 2]));
    stop.abort();
    busy.resolve(DONE);
    await serving;
    expect(errors).toEqual([]);
  });

  it('settles what an event source hands over with the queue that it came from', async () => {
    const { queueUrl: asideQueueUrl } = await createQueues(client);
    const queue = open({ asideQueueUrl });
    const arnOf = (url: string): string => `arn:aws:sqs:us-east-1:123456789012:${url.split('/').at(-1)}`;
    expect(queue.deliveryFrom(arnOf(asideQueueUrl)).queueUrl).toBe(asideQueueUrl);
    for (const arn of [arnOf(urls.queueUrl), undefined])
      expect(queue.deliveryFrom(arn).queueUrl).toBe(urls.queueUrl);
  });

  async function count(
    url: string,
    name: 'ApproximateNumberOfMessages' | 'ApproximateNumberOfMessagesNotVisible',
  ) {
    const { Attributes } = await client.send(
      new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: [name] }),
    );
    return Number(Attributes?.[name]);
  }

  describeTurnQueue(
    'SqsTurnQueue',
    async () => {
      const reported: OpenTurnQueue['reported'][number][] = [];
      const queue = open({
        ...(await createQueues(client)),
        onError: (error, turn) => reported.push({ error, updateId: turn?.update_id }),
      });
      return { queue, reported, close: () => Promise.resolve() };
    },
    // AWS remembers a handled update for 5 minutes, moto not at all.
    { tellsDuplicates: false, remembersHandled: false, countsWaiting: false, turnsNothingAway: false },
  );

  it.skip(
    'drops a turn that is queued again within 5 minutes after it was handled (moto forgets it at once)',
  );
  it.skip(
    'reports a late outcome of a worker that lost its turn (moto takes a stale receipt handle for good)',
  );

  it('cannot tell how many turns of one session wait', async () => {
    const queue: TurnQueue = open();
    await queue.enqueue(sampleTurn(1));
    expect(await queue.waiting('1:0')).toBeUndefined();
  });

  it('says that it is unavailable when a turn could not be stored', async () => {
    const refused = open({ queueUrl: `${urls.queueUrl}.not-there` }).enqueue(sampleTurn(1));
    await expect(refused).rejects.toBeInstanceOf(QueueUnavailableError);
    await expect(refused).rejects.toMatchObject({ retryable: true, cause: { name: 'QueueDoesNotExist' } });
  });

  it('leaves nothing of a handled turn behind', async () => {
    const queue = open();
    const log = new EventLog();
    await queue.enqueue(sampleTurn(1));
    await whileServing(queue, logged(log), () => log.until('1#1'));
    for (const url of [urls.queueUrl, urls.deadLetterQueueUrl]) {
      expect(await count(url, 'ApproximateNumberOfMessages')).toBe(0);
      expect(await count(url, 'ApproximateNumberOfMessagesNotVisible')).toBe(0);
    }
    expect(errors).toEqual([]);
  });

  it('reports that it cannot receive, and goes on until it is stopped', async () => {
    const reported = new EventLog();
    const queue = open({
      queueUrl: `${urls.queueUrl}.not-there`,
      onError: (error) => {
        errors.push(error);
        reported.add(`error ${errors.length}`);
      },
    });
    await whileServing(queue, {}, () => reported.until('error 3'));
    for (const error of errors) expect(error).toMatchObject({ name: 'QueueDoesNotExist' });
  });

  it('stops at once although the next receive would be tried in an hour', async () => {
    const reported = new EventLog();
    const onError = (): void => reported.add('error');
    const queueUrl = `${urls.queueUrl}.not-there`;
    const queue = open({ queueUrl, onError, retryDelayMs: () => 3_600_000 });
    await whileServing(queue, {}, () => reported.until('error'));
  });

  it('makes a dead letter of what is no turn, reports it and goes on with the group', async () => {
    const queue = open();
    const log = new EventLog();
    await send(1, '{"update_id":1}');
    await send(2, '{"upda');
    await queue.enqueue(sampleTurn(3));
    await whileServing(queue, logged(log), () => log.until('3#1'));
    expect(log.entries).toEqual(['3#1']);
    expect(errors).toEqual([expect.any(UnreadableTurnError), expect.any(UnreadableTurnError)]);
    expect(errors).toMatchObject([{ cause: { name: 'ZodError' } }, { cause: { name: 'SyntaxError' } }]);

    expect(await queue.deadLetters()).toEqual([]);
    expect(await queue.redrive()).toBe(0);
    expect(errors).toHaveLength(6);
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({ QueueUrl: urls.deadLetterQueueUrl, MaxNumberOfMessages: 10 }),
    );
    // Each is a group of its own there, and SQS orders no groups.
    expect(Messages.map(({ Body }) => Body).toSorted()).toEqual(['{"upda', '{"update_id":1}']);
  });

  it('tries a turn again that could not be put among the dead letters, and tells the user only then', async () => {
    const failing = { deadLetterQueueUrl: `${urls.deadLetterQueueUrl}.not-there` };
    const log = new EventLog();
    const giveUp = (): Promise<undefined> => {
      log.add('given up');
      return Promise.resolve(undefined);
    };
    const reported = new EventLog();
    const broken = open({ ...failing, onError: () => reported.add('error') });
    await broken.enqueue(sampleTurn(1));
    await whileServing(broken, { ...logged(log, () => RETRY), giveUp }, () => reported.until('error'));
    expect(log.entries).toEqual(['1#1', '1#2', '1#3', 'given up']);

    const queue = open();
    await queue.enqueue(sampleTurn(2));
    await whileServing(queue, { ...logged(log), giveUp }, () => log.until('2#1'));
    expect((await queue.deadLetters()).map(({ turn }) => turn)).toEqual([sampleTurn(1)]);
  });

  it('handles as many turns side by side as it was told to', async () => {
    const queue = open({ concurrency: 2 });
    const log = new EventLog();
    let running = 0;
    const seen: number[] = [];
    const ids = Array.from({ length: 8 }, (_, index) => index);
    for (const id of ids) await queue.enqueue(sampleTurn(id, { chat_id: String(id) }));
    const gates = ids.map(() => Promise.withResolvers<undefined>());
    const handle = async ({ update_id: id }: Turn): Promise<Outcome> => {
      seen.push((running += 1));
      // The first one ends only when a second one runs beside it.
      if (seen.length === 2) gates[0]?.resolve(undefined);
      if (seen.length === 1) await gates[0]?.promise;
      await eventLoopTurns(3);
      running -= 1;
      log.add(String(id));
      return DONE;
    };
    await whileServing(queue, { handle }, async () => {
      await Promise.all(ids.map((id) => log.until(String(id))));
    });
    expect(Math.max(...seen)).toBe(2);
  });

  it('does not give a turn out twice while its worker lives, however short the visibility is', async () => {
    const log = new EventLog();
    let heartbeats = 0;
    const watched = sqsClient(endpoint, (command) => {
      if (command === 'ChangeMessageVisibilityCommand') log.add(`heartbeat ${(heartbeats += 1)}`);
    });
    // SQS counts in whole seconds: 300 ms are one for it, and 12 heartbeats are longer than that.
    const queue = open({ client: watched, visibilityMs: 300 });
    const release = Promise.withResolvers<Outcome>();
    await queue.enqueue(sampleTurn(1));
    await queue.enqueue(sampleTurn(2));
    const handle = ({ update_id: id }: Turn, attempt: number): Promise<Outcome> => {
      log.add(`${id}#${attempt}`);
      return id === 1 ? release.promise : Promise.resolve(DONE);
    };
    await whileServing(queue, { handle }, async () => {
      await log.until('heartbeat 12');
      release.resolve(DONE);
      await log.until('2#1');
    });
    expect(log.entries.filter((entry) => entry.includes('#'))).toEqual(['1#1', '2#1']);
    expect(errors).toEqual([]);
    watched.destroy();
  });

  it('gives back at once what arrives after it was stopped, as one try', async () => {
    const log = new EventLog();
    const watched = sqsClient(endpoint, (command) => log.add(command));
    const stopped = open({ client: watched, waitSeconds: 20 });
    const stop = new AbortController();
    const unexpected = (): Promise<never> => Promise.reject(new Error('Nothing was to be handled'));
    const served = stopped.serve({ handle: unexpected, giveUp: unexpected }, stop.signal);
    await log.until('ReceiveMessageCommand');
    stop.abort();
    await open().enqueue(sampleTurn(1));
    await served;
    await whileServing(open(), logged(log), () => log.until('1#2'));
    expect(errors).toEqual([]);
    watched.destroy();
  });
});
