import { randomUUID } from 'node:crypto';
import { DynamoDBClient, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { groupOf } from '@omnicloud/protocol';
import { createDynamoTable } from '@omnicloud/session-table';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { BacklogUnavailableError } from '../errors.ts';
import { describeBacklog } from './backlog.contract.ts';
import { DynamoBacklog } from './dynamo-backlog.ts';
import { sampleTurn } from './sample-turn.fixture.ts';

const endpoint = inject('dynamodb');
const DAY_MS = 24 * 60 * 60 * 1000;
const GROUP = groupOf(sampleTurn(1));
const KEY = { session_key: { S: `backlog#${GROUP}` } };

async function openTable(): Promise<{ client: DynamoDBClient; tableName: string }> {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials });
  const tableName = `omnicloud-${randomUUID()}`;
  await createDynamoTable(client, tableName);
  return { client, tableName };
}

async function tableOfTheTest(): Promise<{ client: DynamoDBClient; tableName: string }> {
  const table = await openTable();
  onTestFinished(() => {
    table.client.destroy();
  });
  return table;
}

describe.skipIf(endpoint === '')('against DynamoDB Local', () => {
  describeBacklog('The DynamoDB backlog', async (now) => {
    const options = { ...(await openTable()), now };
    return {
      backlog: new DynamoBacklog(options),
      reopen: () => new DynamoBacklog(options),
      close: () => {
        options.client.destroy();
        return Promise.resolve();
      },
    };
  });

  it('leaves out what would not fit into the item any more, and goes on', async () => {
    const backlog = new DynamoBacklog(await tableOfTheTest());
    const long = (id: number) => sampleTurn(id, { ask: { kind: 'message', text: '漢'.repeat(60_000) } });
    for (const turn of [long(1), long(2), sampleTurn(3)]) await backlog.add(turn);
    expect((await backlog.list(GROUP)).map(({ turn }) => turn.update_id)).toEqual([1, 3]);
    await backlog.remove(GROUP, [1]);
    await backlog.add(long(4));
    expect((await backlog.list(GROUP)).map(({ turn }) => turn.update_id)).toEqual([3, 4]);
  });

  it('lets DynamoDB delete a group a day after the last turn was added, and creates none by removing', async () => {
    const { client, tableName } = await tableOfTheTest();
    const ttl = async (): Promise<string | undefined> =>
      (await client.send(new GetItemCommand({ TableName: tableName, Key: KEY }))).Item?.expires_at?.N;
    let nowMs = Date.UTC(2026, 0, 1) + 1;
    const backlog = new DynamoBacklog({ client, tableName, now: () => nowMs });
    await backlog.remove(GROUP, [1]);
    const item = await client.send(new GetItemCommand({ TableName: tableName, Key: KEY }));
    expect(item.Item).toBeUndefined();
    await backlog.add(sampleTurn(1));
    expect(await ttl()).toBe(String(Date.UTC(2026, 0, 2) / 1000 + 1));
    nowMs += DAY_MS - 1;
    await backlog.add(sampleTurn(2));
    expect(await ttl()).toBe(String(Date.UTC(2026, 0, 3) / 1000));
  });

  it('does not keep what it has forgotten in an item that is always in use', async () => {
    const { client, tableName } = await tableOfTheTest();
    let nowMs = Date.UTC(2026, 0, 1);
    const backlog = new DynamoBacklog({ client, tableName, now: () => nowMs });
    const attributes = async (): Promise<number> =>
      Object.keys((await client.send(new GetItemCommand({ TableName: tableName, Key: KEY }))).Item ?? {})
        .length;
    await backlog.add(sampleTurn(1));
    const one = await attributes();
    for (const id of [2, 3, 4]) {
      nowMs += DAY_MS;
      await backlog.add(sampleTurn(id));
    }
    expect(await attributes()).toBe(one);
  });

  it.each(['{', '{"turn":1}', JSON.stringify({ turn: '{}', behind: 0, addedAtMs: Date.now() })])(
    'leaves out %s, which is no turn, and lists the others',
    async (S) => {
      const { client, tableName } = await tableOfTheTest();
      const backlog = new DynamoBacklog({ client, tableName });
      for (const id of [1, 2]) await backlog.add(sampleTurn(id));
      await client.send(
        new UpdateItemCommand({
          TableName: tableName,
          Key: KEY,
          UpdateExpression: 'SET u1 = :broken',
          ExpressionAttributeValues: { ':broken': { S } },
        }),
      );
      expect((await backlog.list(GROUP)).map(({ turn }) => turn.update_id)).toEqual([2]);
    },
  );

  it('says that it cannot be used, with the cause', async () => {
    const { client } = await tableOfTheTest();
    const backlog = new DynamoBacklog({ client, tableName: 'nowhere' });
    for (const use of [
      () => backlog.add(sampleTurn(1)),
      () => backlog.list(GROUP),
      () => backlog.remove(GROUP, [1]),
    ]) {
      const failure = await use().catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(BacklogUnavailableError);
      expect(failure).toMatchObject({ code: 'backlog_unavailable', cause: { code: 'table_refused' } });
    }
  });
});
