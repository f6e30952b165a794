import {
  DeleteObjectsCommand,
  ListObjectVersionsCommand,
  type ObjectIdentifier,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import type { AwsAccount } from './aws-account.ts';
import { OperateError } from '../operate-error.ts';

type Objects = Pick<AwsAccount, 'objects'>;

/**
 * Removes every object with all its versions and delete markers: S3 gives up no bucket that holds any.
 * @returns how many were removed; a bucket that is not there has none.
 * @throws OperateError `aws_refused` when S3 keeps one
 */
export async function emptyBucket(account: Objects, bucket: string): Promise<number> {
  let removed = 0;
  // What was listed is gone then, so the beginning of the list is new each time.
  for (;;) {
    const versions = await firstVersions(account, bucket);
    if (versions.length === 0) return removed;
    await remove(account, bucket, versions);
    removed += versions.length;
  }
}

async function firstVersions({ objects }: Objects, bucket: string): Promise<ObjectIdentifier[]> {
  try {
    const page = await objects.send(new ListObjectVersionsCommand({ Bucket: bucket }));
    const versions = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])];
    return versions.map(({ Key, VersionId }) => ({ Key, VersionId }));
  } catch (error) {
    if (error instanceof S3ServiceException && error.name === 'NoSuchBucket') return [];
    throw error;
  }
}

async function remove({ objects }: Objects, bucket: string, versions: ObjectIdentifier[]): Promise<void> {
  const { Errors } = await objects.send(
    new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: versions, Quiet: true } }),
  );
  const [kept] = Errors ?? [];
  if (!kept) return;
  const what = `${kept.Key ?? 'an object'}: ${kept.Code ?? 'no reason given'}`;
  throw new OperateError('aws_refused', `S3 keeps ${what}`);
}
