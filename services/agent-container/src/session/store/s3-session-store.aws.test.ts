import { randomUUID } from 'node:crypto';
import {
  CreateBucketCommand,
  GetObjectCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { describeSessionStore } from './session-store.contract.ts';
import { S3SessionStore } from './s3-session-store.ts';

const endpoint = inject('moto');
const RACERS = 20;

const bucket = `sessions-${randomUUID()}`;
const newClient = (): S3Client =>
  new S3Client({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    forcePathStyle: true,
  });

/** The HTTP status that the server itself gives. */
async function statusOfPut(client: S3Client, input: Omit<PutObjectCommandInput, 'Bucket'>): Promise<number> {
  try {
    return (
      (await client.send(new PutObjectCommand({ Bucket: bucket, ...input }))).$metadata.httpStatusCode ?? 0
    );
  } catch (error) {
    if (!(error instanceof S3ServiceException)) throw error;
    return error.$metadata.httpStatusCode ?? 0;
  }
}

describe.skipIf(endpoint === '')('against moto', () => {
  beforeAll(async () => {
    await newClient().send(new CreateBucketCommand({ Bucket: bucket }));
  });

  // What follows proves nothing on a server that accepts every write, as most stand-ins for S3 do.
  describe('the server itself', () => {
    it('lets one of 20 writers create an object that must be absent', async () => {
      const client = newClient();
      const statuses = await Promise.all(
        Array.from({ length: RACERS }, (_, racer) =>
          statusOfPut(client, { Key: 'created-once', Body: `racer ${racer}`, IfNoneMatch: '*' }),
        ),
      );
      expect(statuses.filter((status) => status === 200)).toHaveLength(1);
      expect(statuses.filter((status) => status === 412)).toHaveLength(RACERS - 1);
    });

    it('lets one of 20 writers replace the version they all have read', async () => {
      const client = newClient();
      const { ETag } = await client.send(
        new PutObjectCommand({ Bucket: bucket, Key: 'replaced-once', Body: 'first' }),
      );
      const statuses = await Promise.all(
        Array.from({ length: RACERS }, (_, racer) =>
          statusOfPut(client, { Key: 'replaced-once', Body: `racer ${racer}`, IfMatch: ETag }),
        ),
      );
      expect(statuses.filter((status) => status === 200)).toHaveLength(1);
      expect(statuses.filter((status) => status === 412)).toHaveLength(RACERS - 1);
      const stored = await client.send(new GetObjectCommand({ Bucket: bucket, Key: 'replaced-once' }));
      expect(await stored.Body?.transformToString()).toBe(`racer ${statuses.indexOf(200)}`);
    });

    it('does not replace an object that is not there', async () => {
      const status = await statusOfPut(newClient(), { Key: 'never-there', Body: 'x', IfMatch: '"0123"' });
      expect([404, 412]).toContain(status);
    });
  });

  describeSessionStore('The S3 store', () => {
    const clients = [newClient()];
    const open = (client: S3Client): S3SessionStore => new S3SessionStore({ client, bucket });
    return Promise.resolve({
      store: open(clients[0] ?? newClient()),
      reopen: () => {
        const client = newClient();
        clients.push(client);
        return open(client);
      },
      close: () => {
        for (const client of clients) client.destroy();
        return Promise.resolve();
      },
    });
  });

  it('does not take a missing bucket for a missing object', async () => {
    const store = new S3SessionStore({ client: newClient(), bucket: 'nowhere' });
    const missing = { code: 'store_unavailable', cause: { name: 'NoSuchBucket' } };
    await expect(store.get('sessions/1/todos.json')).rejects.toMatchObject(missing);
    await expect(store.put('sessions/1/todos.json', new Uint8Array(), 'absent')).rejects.toMatchObject(
      missing,
    );
  });
});
