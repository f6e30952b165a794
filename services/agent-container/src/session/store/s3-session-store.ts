import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import {
  CopyObjectCommand,
  type CopyObjectCommandInput,
  DeleteObjectCommand,
  GetObjectCommand,
  NoSuchKey,
  paginateListObjectsV2,
  PutObjectCommand,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { AgentError } from '../../errors.ts';
import { bodyDigest } from './body-digest.ts';
import { ConditionFailedError } from './condition-failed-error.ts';
import { gather, unreadable, versionIfHolding } from './read-object.ts';
import { piecesOf, signedAs } from './s3-transfer.ts';
import {
  type Expectation,
  type ListedObject,
  type OpenObject,
  type SessionStore,
  type StoredObject,
  WHOLE_OBJECT_LIMIT_BYTES,
} from './session-store.ts';

/** One call with all its retries, beside the time that its body takes. */
const CALL_LIMIT_MS = 30_000;
/** The slowest that a body may be sent: a transcript or an archive of 100 MB has 50 s more. */
const LEAST_BYTES_PER_MS = 2_000;

/** Waits before the second, third … try of a write that met another one, in ms. */
const CONFLICT_DELAYS_MS: readonly number[] = [50, 150, 450];

export interface S3SessionStoreOptions {
  readonly client: S3Client;
  readonly bucket: string;
  /** For one call with all its retries, and for all pages of a listing, in ms; 30 s unless told otherwise. */
  readonly callLimitMs?: number;
  /** One wait per further try of a write that met another one, in ms; up to half of each is added at random. */
  readonly conflictDelaysMs?: readonly number[];
}

/** The session store in S3; a version is an ETag. The errors are the port's, with the AWS SDK's as their cause. */
export class S3SessionStore implements SessionStore {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #callLimitMs: number;
  readonly #conflictDelaysMs: readonly number[];

  constructor({
    client,
    bucket,
    callLimitMs = CALL_LIMIT_MS,
    conflictDelaysMs = CONFLICT_DELAYS_MS,
  }: S3SessionStoreOptions) {
    this.#client = client;
    this.#bucket = bucket;
    this.#callLimitMs = callLimitMs;
    this.#conflictDelaysMs = conflictDelaysMs;
  }

  async get(key: string): Promise<StoredObject | undefined> {
    await using object = await this.open(key);
    if (object === undefined) return undefined;
    if (object.bytes > WHOLE_OBJECT_LIMIT_BYTES) throw unreadable(new RangeError(`${key} is too large`));
    return await gather(object);
  }

  async open(key: string): Promise<OpenObject | undefined> {
    const abortSignal = AbortSignal.timeout(this.#callLimitMs);
    try {
      const command = new GetObjectCommand({ Bucket: this.#bucket, Key: key });
      const {
        Body,
        ETag,
        ContentLength,
        LastModified = new Date(),
      } = await this.#client.send(command, { abortSignal });
      if (!(Body instanceof Readable) || ContentLength === undefined)
        throw new TypeError('S3 answered without a body or its length');
      // It may break while nobody reads it. Whoever does hears of that; without a listener, it would end the process.
      Body.on('error', () => undefined);
      const version = versionOf(ETag);
      return {
        bytes: ContentLength,
        modified: LastModified,
        body: piecesOf(Body, this.#callLimitMs),
        version: () => version,
        [Symbol.asyncDispose]: () => {
          Body.destroy();
          return Promise.resolve();
        },
      };
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      throw unreadable(error);
    }
  }

  /**
   * 409 says that another write was under way, and nothing of who will have won: asking again tells.
   * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
   */
  async put(key: string, body: Uint8Array, expected?: Expectation): Promise<string> {
    const digest = await bodyDigest(body);
    const bodyMs = Math.floor(body.byteLength / LEAST_BYTES_PER_MS);
    const abortSignal = AbortSignal.timeout(this.#callLimitMs + bodyMs);
    let mayHaveLanded = false;
    for (let tries = 0; ; tries += 1) {
      try {
        return await this.#putOnce({ key, body, digest }, expected, abortSignal);
      } catch (error) {
        const delayMs = this.#conflictDelaysMs[tries];
        // The AWS SDK repeats a call whose answer was lost: then it may be our own write that stands in our way.
        mayHaveLanded ||= wasRepeated(error);
        if (isConflict(error) && delayMs !== undefined) {
          await delay(delayMs * (1 + Math.random() / 2));
          continue;
        }
        if (expected === undefined || !isRefusal(error)) {
          throw new AgentError('store_unavailable', 'The session store could not be written', {
            cause: error,
          });
        }
        const ours = mayHaveLanded ? await versionIfHolding(this, key, body) : undefined;
        if (ours !== undefined) return ours;
        throw new ConditionFailedError(key, { cause: error });
      }
    }
  }

  async list(prefix: string): Promise<ListedObject[]> {
    const objects: ListedObject[] = [];
    const abortSignal = AbortSignal.timeout(this.#callLimitMs);
    try {
      const listing = { Bucket: this.#bucket, Prefix: prefix };
      const pages = paginateListObjectsV2({ client: this.#client }, listing, { abortSignal });
      for await (const { Contents: listed = [] } of pages)
        for (const { Key: key, LastModified: modified } of listed)
          if (key !== undefined && modified !== undefined) objects.push({ key, modified });
      return objects;
    } catch (error) {
      throw new AgentError('store_unavailable', 'The session store could not be listed', { cause: error });
    }
  }

  /**
   * A copy onto itself: S3 sends no bytes to us, and the object is new to every lifecycle rule, back in the standard class.
   * S3 takes such a copy only if it replaces something; an object of ours has no metadata that this could change.
   * https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
   */
  renew(key: string): Promise<boolean> {
    return this.#copy(key, { Key: key, MetadataDirective: 'REPLACE' });
  }

  copy(from: string, to: string): Promise<boolean> {
    return this.#copy(from, { Key: to });
  }

  async #copy(
    from: string,
    target: Pick<CopyObjectCommandInput, 'Key' | 'MetadataDirective'>,
  ): Promise<boolean> {
    const abortSignal = AbortSignal.timeout(this.#callLimitMs);
    const source = [this.#bucket, ...from.split('/')].map(encodeURIComponent).join('/');
    try {
      await this.#client.send(
        new CopyObjectCommand({ Bucket: this.#bucket, CopySource: source, ...target }),
        { abortSignal },
      );
      return true;
    } catch (error) {
      if (error instanceof S3ServiceException && error.name === 'NoSuchKey') return false;
      throw new AgentError('store_unavailable', 'An object of the session store could not be copied', {
        cause: error,
      });
    }
  }

  async delete(key: string): Promise<void> {
    const abortSignal = AbortSignal.timeout(this.#callLimitMs);
    try {
      await this.#client.send(new DeleteObjectCommand({ Bucket: this.#bucket, Key: key }), { abortSignal });
    } catch (error) {
      throw new AgentError('store_unavailable', 'The session store could not be cleaned', { cause: error });
    }
  }

  async #putOnce(
    { key, body, digest }: { key: string; body: Uint8Array; digest: Buffer },
    expected: Expectation | undefined,
    abortSignal: AbortSignal,
  ): Promise<string> {
    const target = { Bucket: this.#bucket, Key: key, ...conditionOf(expected) };
    const command = new PutObjectCommand({
      ...target,
      Body: body,
      ChecksumSHA256: digest.toString('base64'),
    });
    command.middlewareStack.add(signedAs(digest), { step: 'build', name: 'signedAs' });
    const { ETag } = await this.#client.send(command, { abortSignal });
    return versionOf(ETag);
  }
}

function conditionOf(expected: Expectation | undefined): { IfNoneMatch?: string; IfMatch?: string } {
  if (expected === undefined) return {};
  return expected === 'absent' ? { IfNoneMatch: '*' } : { IfMatch: expected.version };
}

function versionOf(etag: string | undefined): string {
  if (etag === undefined) throw new TypeError('S3 answered without an ETag');
  return etag;
}

/** If-Match on an object that is gone is answered with 404 NoSuchKey. */
function isRefusal(error: unknown): boolean {
  return (
    error instanceof NoSuchKey ||
    isConflict(error) ||
    (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 412)
  );
}

function isConflict(error: unknown): boolean {
  return error instanceof S3ServiceException && error.name === 'ConditionalRequestConflict';
}

function wasRepeated(error: unknown): boolean {
  return error instanceof S3ServiceException && (error.$metadata.attempts ?? 1) > 1;
}
