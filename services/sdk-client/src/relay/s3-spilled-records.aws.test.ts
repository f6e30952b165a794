import { randomUUID } from 'node:crypto';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { inject } from 'vitest';
import { S3SpilledRecords } from './s3-spilled-records.ts';
import { describeSpilledRecords } from './spilled-records.contract.ts';

const CONNECTION = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  forcePathStyle: true,
};

describeSpilledRecords('S3SpilledRecords (moto)', async () => {
  const client = new S3Client({ ...CONNECTION, endpoint: inject('moto') });
  const bucket = `records-${randomUUID()}`;
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  return {
    records: new S3SpilledRecords({ client, bucket }),
    broken: new S3SpilledRecords({ client, bucket: `no-such-${bucket}` }),
  };
});
