import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, inject, it } from 'vitest';
import { openEmptyTable } from '../dynamo/dynamo-local.fixture.ts';
import { DynamoSessionTable } from './dynamo-session-table.ts';
import { describeSessionTable } from './session-table.contract.ts';

const endpoint = inject('dynamodb');
const SESSION = '0190c8a4-0000-4000-8000-000000000001';

describe.skipIf(endpoint === '')('against DynamoDB Local', () => {
  describeSessionTable('The DynamoDB table', async (now) => {
    const options = { ...(await openEmptyTable(endpoint)), now };
    return {
      table: new DynamoSessionTable(options),
      reopen: () => Promise.resolve(new DynamoSessionTable(options)),
      close: () => {
        options.client.destroy();
        return Promise.resolve();
      },
    };
  });

  it('lets DynamoDB delete a mapping 25 days after it was saved', async () => {
    const { client, tableName } = await openEmptyTable(endpoint);
    const nowMs = Date.UTC(2026, 0, 1) + 1;
    const table = new DynamoSessionTable({ client, tableName, now: () => nowMs });
    await table.save('-100123:7', SESSION, { fencingToken: 5, replaces: undefined });
    const { Item } = await client.send(
      new GetItemCommand({ TableName: tableName, Key: { session_key: { S: '-100123:7' } } }),
    );
    expect(Item).toEqual({
      session_key: { S: '-100123:7' },
      session_id: { S: SESSION },
      saved_at_ms: { N: String(nowMs) },
      fencing_token: { N: '5' },
      expires_at: { N: String(Date.UTC(2026, 0, 26) / 1000 + 1) },
    });
    client.destroy();
  });

  it('lets any run of its session refresh a mapping from before there were tokens', async () => {
    const { client, tableName } = await openEmptyTable(endpoint);
    const mapping = { session_id: { S: SESSION }, saved_at_ms: { N: '1' } };
    const Item = { session_key: { S: '1:0' }, ...mapping };
    await client.send(new PutItemCommand({ TableName: tableName, Item }));
    const table = new DynamoSessionTable({ client, tableName, now: () => 2 });
    expect(await table.refresh('1:0', SESSION, 1)).toBe(true);
    expect(await table.find('1:0')).toEqual({ sessionId: SESSION, savedAt: new Date(2) });
    client.destroy();
  });
});
