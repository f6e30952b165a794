import { S3Client } from '@aws-sdk/client-s3';
import { S3SessionStore } from './s3-session-store.ts';

/**
 * @param hasOtherEndpoint whether the AWS SDK is pointed at another server, which has no DNS name for each bucket.
 * @returns the store in the bucket, reached as the AWS SDK finds by itself.
 */
export function openS3SessionStore(bucket: string, hasOtherEndpoint: boolean): S3SessionStore {
  return new S3SessionStore({ client: new S3Client({ forcePathStyle: hasOtherEndpoint }), bucket });
}
