import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SecretsManagerSecrets } from './secrets-manager-secrets.ts';

/** A Secrets Manager whose answers a test gives one by one. */
let server: Server;
let client: SecretsManagerClient;
/** Requests that wait for their answer, in their order, and who waits for the next one. */
let open: ServerResponse[];
let awaited: ((response: ServerResponse) => void)[];

beforeEach(async () => {
  open = [];
  awaited = [];
  server = createServer((request, response) => {
    request.resume().on('end', () => {
      const next = awaited.shift();
      if (next) next(response);
      else open.push(response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  client = new SecretsManagerClient({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
});
afterEach(async () => {
  client.destroy();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

function nextRequest(): Promise<ServerResponse> {
  const response = open.shift();
  return response ? Promise.resolve(response) : new Promise((resolve) => awaited.push(resolve));
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
}

it('does not take the answer to a request that began before for a refreshed one', async () => {
  const secrets = new SecretsManagerSecrets({ client });
  const first = secrets.get('bot');
  const early = await nextRequest();
  const refreshed = Promise.all([secrets.refresh('bot'), secrets.refresh('bot')]);
  const late = await nextRequest();
  const waiting = secrets.get('bot');
  answer(late, 200, { SecretString: 'new' });
  expect(await refreshed).toEqual(['new', 'new']);
  answer(early, 200, { SecretString: 'old' });
  expect(await first).toBe('old');
  expect(await Promise.all([waiting, secrets.get('bot')])).toEqual(['new', 'new']);
  expect(open).toEqual([]);
});

it('keeps what a refresh read although an earlier request fails after it', async () => {
  const secrets = new SecretsManagerSecrets({ client });
  const first = secrets.get('bot');
  const early = await nextRequest();
  const refreshed = secrets.refresh('bot');
  answer(await nextRequest(), 200, { SecretString: 'new' });
  expect(await refreshed).toBe('new');
  answer(early, 500, { __type: 'InternalServiceError' });
  await expect(first).rejects.toMatchObject({ code: 'secret_unavailable' });
  expect(await secrets.get('bot')).toBe('new');
});

it('reads anew after a failed refresh, because the value before it was refused', async () => {
  const secrets = new SecretsManagerSecrets({ client });
  const first = secrets.get('bot');
  answer(await nextRequest(), 200, { SecretString: 'old' });
  expect(await first).toBe('old');
  const refreshed = secrets.refresh('bot');
  answer(await nextRequest(), 500, { __type: 'InternalServiceError' });
  await expect(refreshed).rejects.toMatchObject({ code: 'secret_unavailable', retryable: true });
  const again = secrets.get('bot');
  answer(await nextRequest(), 200, { SecretString: 'new' });
  expect(await again).toBe('new');
});

it.each([
  ['ResourceNotFoundException', { code: 'secret_missing', retryable: false }],
  ['AccessDeniedException', { code: 'secret_forbidden', retryable: false }],
  ['ThrottlingException', { code: 'secret_unavailable', retryable: true }],
  ['InternalServiceError', { code: 'secret_unavailable', retryable: true }],
])('tells what %s means, and keeps it as the cause', async (name, expected) => {
  const value = new SecretsManagerSecrets({ client }).get('bot');
  answer(await nextRequest(), 400, { __type: name, message: 'for people' });
  await expect(value).rejects.toMatchObject({ ...expected, cause: { name } });
});

it('is unavailable when nobody answers', async () => {
  const value = new SecretsManagerSecrets({ client }).get('bot');
  (await nextRequest()).destroy();
  await expect(value).rejects.toMatchObject({
    code: 'secret_unavailable',
    retryable: true,
    cause: { code: 'ECONNRESET' },
  });
});
