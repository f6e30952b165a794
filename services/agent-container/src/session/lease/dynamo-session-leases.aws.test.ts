import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { DeleteItemCommand, DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { createDynamoTable } from '@omnicloud/storage';
import { describe, expect, inject, it } from 'vitest';
import { DynamoSessionLeases } from './dynamo-session-leases.ts';
import { describeSessionLeases, granted } from './session-leases.contract.ts';

const endpoint = inject('dynamodb');
const TTL_MS = 15_000;

function newClient(at: string): DynamoDBClient {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  return new DynamoDBClient({ endpoint: at, region: 'us-east-1', credentials });
}

async function openTable(): Promise<{ client: DynamoDBClient; tableName: string }> {
  const client = newClient(endpoint);
  const tableName = `omnicloud-${randomUUID()}`;
  await createDynamoTable(client, tableName);
  return { client, tableName };
}

/** Passes every call on to the server, but breaks the connection instead of giving the answer of the first one. */
async function loseFirstAnswer(): Promise<{ url: string; server: Server; calls: () => number }> {
  let calls = 0;
  const server = createServer((request, response) => {
    void (async () => {
      const body = Buffer.concat(await request.toArray());
      const { 'content-type': type, 'x-amz-target': target, authorization } = request.headers;
      const headers = { 'content-type': type, 'x-amz-target': target, authorization } as Record<
        string,
        string
      >;
      const answer = await fetch(endpoint, { method: 'POST', headers, body });
      calls += 1;
      if (calls === 1) return void response.destroy();
      response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
      response.end(Buffer.from(await answer.arrayBuffer()));
    })();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('A TCP server has no port');
  return { url: `http://127.0.0.1:${address.port}`, server, calls: () => calls };
}

describe.skipIf(endpoint === '')('against DynamoDB Local', () => {
  describeSessionLeases('The DynamoDB leases', async (now) => {
    const options = { ...(await openTable()), now };
    return {
      leases: new DynamoSessionLeases(options),
      reopen: () => Promise.resolve(new DynamoSessionLeases(options)),
      close: () => {
        options.client.destroy();
        return Promise.resolve();
      },
    };
  });

  it('knows its own lease again when the answer that gave it was lost', async () => {
    const { client, tableName } = await openTable();
    const { url, server, calls } = await loseFirstAnswer();
    const cut = newClient(url);
    const lease = granted(
      await new DynamoSessionLeases({ client: cut, tableName }).acquire('session', 'one', TTL_MS),
    );
    expect(calls()).toBe(2);
    const direct = new DynamoSessionLeases({ client, tableName });
    expect(await direct.acquire('session', 'one', TTL_MS)).toMatchObject({ heldBy: 'one' });
    expect(await direct.renew(lease, TTL_MS)).toMatchObject({ fencingToken: lease.fencingToken });
    cut.destroy();
    client.destroy();
    server.close();
  });

  it('gives a higher token also when DynamoDB has deleted the item meanwhile', async () => {
    let nowMs = Date.UTC(2026, 0, 1);
    const { client, tableName } = await openTable();
    const leases = new DynamoSessionLeases({ client, tableName, now: () => nowMs });
    const first = granted(await leases.acquire('session', 'one', TTL_MS));
    const at = { TableName: tableName, Key: { session_key: { S: 'lease#session' } } };
    const { Item } = await client.send(new GetItemCommand(at));
    expect(Number(Item?.expires_at?.N) * 1000).toBeGreaterThan(first.expiresAt.getTime());
    nowMs = Number(Item?.expires_at?.N) * 1000;
    await client.send(new DeleteItemCommand(at));
    const second = granted(await leases.acquire('session', 'two', TTL_MS));
    expect(second.fencingToken).toBeGreaterThan(first.fencingToken);
    client.destroy();
  });

  it('calls a table that cannot be used a store that is unavailable', async () => {
    const client = newClient(endpoint);
    const leases = new DynamoSessionLeases({ client, tableName: 'nowhere' });
    await expect(leases.acquire('session', 'one', TTL_MS)).rejects.toMatchObject({
      name: 'AgentError',
      code: 'store_unavailable',
      cause: { code: 'table_refused', cause: { name: 'ResourceNotFoundException' } },
    });
    client.destroy();
  });
});
