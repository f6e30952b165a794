import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { AttachmentStoreError, type AttachmentStore } from './attachment-store.ts';

/** One call with all its retries: 20 MB at 400 kB a second. */
const CALL_LIMIT_MS = 50_000;

export interface S3AttachmentStoreOptions {
  readonly client: S3Client;
  readonly bucket: string;
}

/** Attachments in the bucket of the sessions. */
export class S3AttachmentStore implements AttachmentStore {
  readonly #options: S3AttachmentStoreOptions;

  constructor(options: S3AttachmentStoreOptions) {
    this.#options = options;
  }

  async put(key: string, content: Uint8Array): Promise<void> {
    const { client, bucket } = this.#options;
    try {
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: content }), {
        abortSignal: AbortSignal.timeout(CALL_LIMIT_MS),
      });
    } catch (cause) {
      throw new AttachmentStoreError({ cause });
    }
  }
}

/**
 * @param hasOtherEndpoint whether the AWS SDK is pointed at another server, which has no DNS name for each bucket.
 * @returns the store in the bucket, reached as the AWS SDK finds by itself.
 */
export function openS3AttachmentStore(bucket: string, hasOtherEndpoint: boolean): S3AttachmentStore {
  return new S3AttachmentStore({ client: new S3Client({ forcePathStyle: hasOtherEndpoint }), bucket });
}
