import { randomUUID } from 'node:crypto';
import {
  CreateBucketCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { describe, inject } from 'vitest';
import { S3SessionStore } from './s3-session-store.ts';
import { describeSessionYear } from './session-year.contract.ts';
import type { ListedObject } from './session-store.ts';

const endpoint = inject('moto');
const DAY_MS = 24 * 60 * 60 * 1000;
const OBJECT_LIFE_MS = 90 * DAY_MS;

/**
 * No time can be told to the server, so the clock is moved here. That an object was written anew, the server alone says: in a bucket with
 * versions it has another version then. As old as that version was seen is the object.
 */
class AgeingS3Store extends S3SessionStore {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #writtenAtMs = new Map<string, number>();
  #passedMs = 0;

  constructor(client: S3Client, bucket: string) {
    super({ client, bucket });
    this.#client = client;
    this.#bucket = bucket;
  }

  async pass(days: number): Promise<void> {
    await this.#written('');
    this.#passedMs += days * DAY_MS;
    for (const [key, atMs] of await this.#written(''))
      if (this.#passedMs - atMs >= OBJECT_LIFE_MS) await this.delete(key);
  }

  override async list(prefix: string): Promise<ListedObject[]> {
    const written = await this.#written(prefix);
    const listed = await super.list(prefix);
    return listed.map(({ key }) => ({
      key,
      modified: new Date(Date.now() - this.#passedMs + (written.get(key) ?? this.#passedMs)),
    }));
  }

  /** @returns when the current version of each object was written, in ms of the moved clock. */
  async #written(prefix: string): Promise<Map<string, number>> {
    const current = new Map<string, number>();
    const { Versions = [], IsTruncated: isCut } = await this.#client.send(
      new ListObjectVersionsCommand({ Bucket: this.#bucket, Prefix: prefix }),
    );
    if (isCut === true) throw new RangeError('There are more versions than one answer tells');
    for (const { Key: key, VersionId: version = '', IsLatest: isCurrent } of Versions) {
      if (key === undefined || isCurrent !== true) continue;
      const atMs = this.#writtenAtMs.get(version) ?? this.#passedMs;
      this.#writtenAtMs.set(version, atMs);
      current.set(key, atMs);
    }
    return current;
  }
}

describe.skipIf(endpoint === '')('against moto', () => {
  describeSessionYear('The S3 store', async () => {
    const client = new S3Client({
      endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      forcePathStyle: true,
    });
    const bucket = `year-${randomUUID()}`;
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
    const versioned = { Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' as const } };
    await client.send(new PutBucketVersioningCommand(versioned));
    const store = new AgeingS3Store(client, bucket);
    return { store, pass: (days) => store.pass(days) };
  });
});
