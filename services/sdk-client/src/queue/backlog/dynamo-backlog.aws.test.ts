import { randomUUID } from 'node:crypto';
import {
  type AttributeValue,
  DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { groupOf, MAX_USER_MESSAGE_LENGTH } from '@omnicloud/protocol';
import { backlogKey, createDynamoTable } from '@omnicloud/storage';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { BacklogUnavailableError } from '../../errors.ts';
import { describeBacklog } from './backlog.contract.ts';
import { BACKLOG_LIFE_MS } from './backlog.ts';
import { DynamoBacklog, type DynamoBacklogOptions } from './dynamo-backlog.ts';
import { sampleTurn } from '../sample-turn.fixture.ts';

const endpoint = inject('dynamodb');
const GROUP = groupOf(sampleTurn(1));
const KEY = { session_key: { S: backlogKey(GROUP) } };

type Table = Pick<DynamoBacklogOptions, 'client' | 'tableName'>;

async function openTable(): Promise<Table> {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials });
  const tableName = `omnicloud-${randomUUID()}`;
  await createDynamoTable(client, tableName);
  return { client, tableName };
}

async function tableForTest(): Promise<Table> {
  const table = await openTable();
  onTestFinished(() => table.client.destroy());
  return table;
}

async function itemOf({ client, tableName }: Table): Promise<Record<string, AttributeValue> | undefined> {
  const command = new GetItemCommand({ TableName: tableName, Key: KEY, ConsistentRead: true });
  return (await client.send(command)).Item;
}

describe.skipIf(endpoint === '')('against DynamoDB Local', () => {
  describeBacklog('The DynamoDB backlog', async (now) => {
    const table = await openTable();
    return {
      backlog: new DynamoBacklog({ ...table, now }),
      reopen: () => new DynamoBacklog({ ...table, now }),
      close: () => {
        table.client.destroy();
        return Promise.resolve();
      },
    };
  });

  it('lets the table delete the item 24 hours after the last turn was added', async () => {
    let nowMs = Date.UTC(2026, 0, 1);
    const table = await tableForTest();
    const backlog = new DynamoBacklog({ ...table, now: () => nowMs });
    await backlog.add(sampleTurn(1));
    nowMs += 5_000;
    await backlog.add(sampleTurn(2));
    expect(await itemOf(table)).toMatchObject({
      expires_at: { N: String((nowMs + BACKLOG_LIFE_MS) / 1000) },
    });
  });

  it('removes hundreds of turns, more than one expression can name', async () => {
    const table = await tableForTest();
    const backlog = new DynamoBacklog(table);
    const ids = Array.from({ length: 250 }, (_, index) => 812_345_000 + index);
    await backlog.add(sampleTurn(ids.at(-1) ?? 0));
    await backlog.remove(GROUP, ids);
    expect(await backlog.list(GROUP)).toEqual([]);
  });

  it('makes no item by removing', async () => {
    const table = await tableForTest();
    await new DynamoBacklog(table).remove(GROUP, [1]);
    expect(await itemOf(table)).toBeUndefined();
  });

  it('leaves nothing behind of turns that were removed or forgotten', async () => {
    let nowMs = Date.UTC(2026, 0, 1);
    const table = await tableForTest();
    const backlog = new DynamoBacklog({ ...table, now: () => nowMs });
    const ids = Array.from({ length: 60 }, (_, index) => 812_345_000 + index);
    for (const updateId of ids) await backlog.add(sampleTurn(updateId));
    await backlog.remove(GROUP, ids.slice(0, 5));
    nowMs += BACKLOG_LIFE_MS;
    await backlog.add(sampleTurn(7));
    const names = Object.keys((await itemOf(table)) ?? {}).filter((name) => /\d$/.test(name));
    expect(names.toSorted()).toEqual(['p7', 'u7']);
  });

  it('shows what fits into an item, and goes on behind it when there is room again', async () => {
    const backlog = new DynamoBacklog(await tableForTest());
    const text = '漢'.repeat(MAX_USER_MESSAGE_LENGTH / 4);
    const ids = [1, 2, 3, 4];
    for (const updateId of ids) await backlog.add(sampleTurn(updateId, { ask: { kind: 'message', text } }));
    await backlog.add(sampleTurn(5));
    expect((await backlog.list(GROUP)).map(({ turn }) => turn.update_id)).toEqual([1]);
    await backlog.remove(GROUP, ids);
    await backlog.add(sampleTurn(6));
    expect((await backlog.list(GROUP)).map(({ turn }) => turn.update_id)).toEqual([5, 6]);
  });

  it('shows none behind what is no turn, until that is removed; what is no entry counts for nothing', async () => {
    const { client, tableName } = await tableForTest();
    const backlog = new DynamoBacklog({ client, tableName });
    for (const updateId of [1, 2, 3]) await backlog.add(sampleTurn(updateId));
    await client.send(
      new UpdateItemCommand({
        TableName: tableName,
        Key: KEY,
        UpdateExpression: 'SET u2.turn = :other, u8 = :other, p8 = :place',
        ExpressionAttributeValues: { ':other': { S: '{"update_id":2}' }, ':place': { N: '0' } },
      }),
    );
    expect(await backlog.list(GROUP)).toMatchObject([{ turn: { update_id: 1 } }]);
    await backlog.remove(GROUP, [2]);
    await backlog.add(sampleTurn(4));
    expect(await backlog.list(GROUP)).toMatchObject([
      { turn: { update_id: 1 }, behind: 0 },
      { turn: { update_id: 3 }, behind: 2 },
      { turn: { update_id: 4 }, behind: 2 },
    ]);
  });

  it('says so when the table cannot be used, and names the cause', async () => {
    const { client } = await tableForTest();
    const backlog = new DynamoBacklog({ client, tableName: 'nowhere' });
    const uses = [backlog.add(sampleTurn(1)), backlog.list(GROUP), backlog.remove(GROUP, [1])];
    for (const outcome of await Promise.allSettled(uses)) {
      const reason: unknown = (outcome as PromiseRejectedResult).reason;
      expect(reason).toBeInstanceOf(BacklogUnavailableError);
      expect(reason).toMatchObject({
        code: 'backlog_unavailable',
        cause: { code: 'table_refused', cause: { name: 'ResourceNotFoundException' } },
      });
    }
  });
});
