import { randomUUID } from 'node:crypto';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { expect, inject, it } from 'vitest';
import { S3SpilledRecords } from './s3-spilled-records.ts';
import { describeSpilledRecords } from './spilled-records.contract.ts';

const CONNECTION = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  forcePathStyle: true,
};

async function makeBucket(): Promise<{ client: S3Client; bucket: string }> {
  const client = new S3Client({ ...CONNECTION, endpoint: inject('moto') });
  const bucket = `records-${randomUUID()}`;
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  return { client, bucket };
}

describeSpilledRecords('S3SpilledRecords (moto)', async () => {
  const { client, bucket } = await makeBucket();
  return {
    records: new S3SpilledRecords({ client, bucket }),
    broken: new S3SpilledRecords({ client, bucket: `no-such-${bucket}` }),
  };
});

it('An object that is larger than any record is refused, and no more of it is read', async () => {
  const records = new S3SpilledRecords(await makeBucket());
  const largest = 16 * 1024 * 1024;
  await records.put('turns/1/whole', new Uint8Array(largest));
  await records.put('turns/1/larger', new Uint8Array(largest + 1));
  expect((await records.get('turns/1/whole'))?.byteLength).toBe(largest);
  await expect(records.get('turns/1/larger')).rejects.toThrow('larger than any record');
});
