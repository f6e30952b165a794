import { once } from 'node:events';
import { createServer } from 'node:http';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterEach, expect, it } from 'vitest';
import { DynamoTable } from './dynamo-table.ts';

let close: (() => void) | undefined;
afterEach(() => close?.());

/** @param answer what the server says to every call; undefined when it says nothing. */
async function tableOn(
  answer: { status: number; type: string } | undefined,
  callLimitMs = 10_000,
): Promise<DynamoTable> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      if (!answer) return;
      response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(
        JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${answer.type}`, message: 'No' }),
      );
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('A TCP server has no port');
  const client = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${address.port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
  close = () => {
    client.destroy();
    server.closeAllConnections();
    server.close();
  };
  return new DynamoTable({ client, tableName: 'omnicloud', callLimitMs });
}

it.each([
  [400, 'ThrottlingException', 'table_throttled', true],
  [400, 'ProvisionedThroughputExceededException', 'table_throttled', true],
  [400, 'RequestLimitExceeded', 'table_throttled', true],
  [500, 'InternalServerError', 'table_unavailable', true],
  [503, 'ServiceUnavailable', 'table_unavailable', true],
  [400, 'AccessDeniedException', 'table_refused', false],
  [400, 'ResourceNotFoundException', 'table_refused', false],
  [400, 'ValidationException', 'table_refused', false],
])('a call that is answered %i %s fails as %s', async (status, name, code, retryable) => {
  const table = await tableOn({ status, type: name });
  const failure = { name: 'DynamoTableError', code, retryable, cause: { name } };
  await expect(table.find('1:0')).rejects.toMatchObject(failure);
  await expect(table.put('1:0', {})).rejects.toMatchObject(failure);
  await expect(table.deleteIf('1:0', { condition: 'a = :a', values: { ':a': 1 } })).rejects.toMatchObject(
    failure,
  );
  const change = { update: 'SET a = :a', condition: 'a < :a', values: { ':a': 1 } };
  await expect(table.updateIf('1:0', change)).rejects.toMatchObject(failure);
});

it('a call that is not answered in time fails as one that may be made again', async () => {
  const table = await tableOn(undefined, 50);
  await expect(table.find('1:0')).rejects.toMatchObject({ code: 'table_unavailable', retryable: true });
});

it('a connection that nobody takes fails as one that may be made again', async () => {
  const table = await tableOn(undefined);
  close?.();
  await expect(table.find('1:0')).rejects.toMatchObject({ code: 'table_unavailable', retryable: true });
});
