import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, inject, it } from 'vitest';
import { openEmptyTable } from './dynamo-local.fixture.ts';
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
    await new DynamoSessionTable({ client, tableName, now: () => nowMs }).save('-100123:7', SESSION);
    const { Item } = await client.send(
      new GetItemCommand({ TableName: tableName, Key: { session_key: { S: '-100123:7' } } }),
    );
    expect(Item).toEqual({
      session_key: { S: '-100123:7' },
      session_id: { S: SESSION },
      saved_at_ms: { N: String(nowMs) },
      expires_at: { N: String(Date.UTC(2026, 0, 26) / 1000 + 1) },
    });
    client.destroy();
  });
});
