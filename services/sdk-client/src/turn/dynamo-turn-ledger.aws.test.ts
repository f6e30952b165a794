import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { createDynamoTable } from '@omnicloud/storage';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import {
  DynamoTurnLedger,
  type DynamoTurnLedgerOptions,
  LedgerUnavailableError,
} from './dynamo-turn-ledger.ts';
import { describeTurnLedger } from './turn-ledger.contract.ts';
import { recordOf } from './turn.fixture.ts';

const endpoint = inject('dynamodb');
const CONNECTION = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
};
const DAY_MS = 24 * 60 * 60 * 1000;

async function openTable(): Promise<Pick<DynamoTurnLedgerOptions, 'client' | 'tableName'>> {
  const client = new DynamoDBClient({ ...CONNECTION, endpoint });
  const tableName = `omnicloud-${randomUUID()}`;
  await createDynamoTable(client, tableName);
  return { client, tableName };
}

describe.skipIf(endpoint === '')('against DynamoDB Local', () => {
  describeTurnLedger('The DynamoDB ledger', async () => {
    const options = await openTable();
    return {
      ledger: new DynamoTurnLedger(options),
      reopen: () => new DynamoTurnLedger(options),
      close: () => {
        options.client.destroy();
        return Promise.resolve();
      },
    };
  });

  it('holds an answer of 600 000 characters with the parts that show it', async () => {
    const options = await openTable();
    const answer = Array.from({ length: 40_000 }, (_, line) => `Line ${line} 漢\n`)
      .join('')
      .slice(0, 600_000);
    const shown = JSON.stringify({ text: answer.slice(0, 4_000), entities: [] });
    const posted = Array.from({ length: 150 }, (_, part) => ({ messageId: part, shown }));
    const record = recordOf({ state: 'answered', answer, posted });
    await new DynamoTurnLedger(options).save(1, record);
    expect(await new DynamoTurnLedger(options).find(1)).toEqual(record);
    options.client.destroy();
  });

  it('forgets a record after 7 days, when DynamoDB has not deleted it yet', async () => {
    let nowMs = Date.UTC(2026, 0, 1);
    const options = { ...(await openTable()), now: () => nowMs };
    const ledger = new DynamoTurnLedger(options);
    await ledger.save(1, recordOf());
    nowMs += 7 * DAY_MS - 1;
    expect(await ledger.find(1)).toEqual(recordOf());
    nowMs += 1;
    expect(await ledger.find(1)).toBeUndefined();
    options.client.destroy();
  });

  it('calls what is no record an error that no repetition fixes', async () => {
    const { client, tableName } = await openTable();
    const Item = { session_key: { S: 'turn#1' }, state: { S: 'running' } };
    await client.send(new PutItemCommand({ TableName: tableName, Item }));
    const failure = await new DynamoTurnLedger({ client, tableName })
      .find(1)
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(LedgerUnavailableError);
    expect(failure).toMatchObject({ code: 'ledger_unavailable', retryable: false });
    client.destroy();
  });

  it('tells a table that is missing from one that is silent, and names the cause of either', async () => {
    const { client } = await openTable();
    const missing = new DynamoTurnLedger({ client, tableName: 'nowhere' });
    await expect(missing.save(1, recordOf())).rejects.toMatchObject({
      code: 'ledger_unavailable',
      retryable: false,
      cause: { code: 'table_refused', cause: { name: 'ResourceNotFoundException' } },
    });
    client.destroy();
    const server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const silentClient = new DynamoDBClient({ ...CONNECTION, endpoint: `http://127.0.0.1:${port}` });
    const silent = new DynamoTurnLedger({ client: silentClient, tableName: 'nowhere', callLimitMs: 50 });
    await expect(silent.find(1)).rejects.toMatchObject({
      code: 'ledger_unavailable',
      retryable: true,
      cause: { code: 'table_unavailable' },
    });
    silentClient.destroy();
  });
});
