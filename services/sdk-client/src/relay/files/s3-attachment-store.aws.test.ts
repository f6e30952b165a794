import { randomUUID } from 'node:crypto';
import { CreateBucketCommand, GetObjectCommand, NoSuchKey, S3Client } from '@aws-sdk/client-s3';
import { inject } from 'vitest';
import { describeAttachmentStore } from './attachment-store.contract.ts';
import { S3AttachmentStore } from './s3-attachment-store.ts';

const CONNECTION = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  forcePathStyle: true,
};

describeAttachmentStore('S3AttachmentStore (moto)', async () => {
  const client = new S3Client({ ...CONNECTION, endpoint: inject('moto') });
  const bucket = `attachments-${randomUUID()}`;
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  return {
    store: new S3AttachmentStore({ client, bucket }),
    read: async (key) => {
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
        return await Body?.transformToByteArray();
      } catch (error) {
        if (error instanceof NoSuchKey) return undefined;
        throw error;
      }
    },
    broken: new S3AttachmentStore({ client, bucket: `no-such-${bucket}` }),
  };
});
