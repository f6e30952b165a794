import {
  DeleteObjectCommand,
  GetObjectCommand,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { SpilledRecords } from './spilled-records.ts';

/** One call with all its retries: a few megabytes. */
const CALL_LIMIT_MS = 20_000;

/** Of a record as it lies in the bucket, packed. An answer has 4 MB before it is packed. In bytes. */
const LARGEST_OBJECT_BYTES = 16 * 1024 * 1024;

export interface S3SpilledRecordsOptions {
  readonly client: S3Client;
  readonly bucket: string;
}

/** Large records in the bucket of the sessions. The errors are the AWS SDK's own. */
export class S3SpilledRecords implements SpilledRecords {
  readonly #client: S3Client;
  readonly #bucket: string;

  constructor({ client, bucket }: S3SpilledRecordsOptions) {
    this.#client = client;
    this.#bucket = bucket;
  }

  async put(key: string, content: Uint8Array): Promise<void> {
    await this.#client.send(new PutObjectCommand({ Bucket: this.#bucket, Key: key, Body: content }), {
      abortSignal: AbortSignal.timeout(CALL_LIMIT_MS),
    });
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    try {
      // One byte more than a record may have shows that the object is too large.
      const asked = { Bucket: this.#bucket, Key: key, Range: `bytes=0-${LARGEST_OBJECT_BYTES}` };
      const { Body } = await this.#client.send(new GetObjectCommand(asked), {
        abortSignal: AbortSignal.timeout(CALL_LIMIT_MS),
      });
      if (Body === undefined) throw new TypeError('S3 answered without a body');
      const content = await Body.transformToByteArray();
      if (content.byteLength > LARGEST_OBJECT_BYTES) throw new RangeError(`${key} is larger than any record`);
      return content;
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      throw error;
    }
  }

  async delete(key: string): Promise<void> {
    await this.#client.send(new DeleteObjectCommand({ Bucket: this.#bucket, Key: key }), {
      abortSignal: AbortSignal.timeout(CALL_LIMIT_MS),
    });
  }
}

/**
 * @param hasOtherEndpoint whether the AWS SDK is pointed at another server, which has no DNS name for each bucket.
 * @returns the store in the bucket, reached as the AWS SDK finds by itself.
 */
export function openS3SpilledRecords(bucket: string, hasOtherEndpoint: boolean): S3SpilledRecords {
  return new S3SpilledRecords({ client: new S3Client({ forcePathStyle: hasOtherEndpoint }), bucket });
}
