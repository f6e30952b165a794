import { TABLE_PARTITION_KEY, TABLE_TTL_ATTRIBUTE } from '@omnicloud/storage';
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table } from 'aws-cdk-lib/aws-dynamodb';
import { BlockPublicAccess, Bucket, BucketEncryption, StorageClass } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';

const IN_ACCESS_DAYS = 30;
/**
 * After the last write. Each turn writes anew what its session names and is 28 days old (`SESSION_RENEWAL_DAYS`), and the mapping is gone 25
 * days after the last turn (`SESSION_MAPPING_DAYS`): a session that can go on has all its objects.
 */
const OBJECT_DAYS = 90;
const OLD_VERSION_DAYS = 7;
/** A file of a user is needed until its turn is saved; one that comes back from the dead letters is fetched from Telegram again. */
const INBOX_DAYS = 2;

/** What users send, on its way from the worker to the agent: `inbox/{chat_id}_{thread_id}/{id}`. */
export const INBOX_OBJECTS = 'inbox/*';

/** Records of turns that are too large for the table. The ledger knows a turn for 7 days after its last write. */
export const TURN_OBJECTS = 'turns/*';
const TURN_RECORD_DAYS = 15;

/** What the agent server makes for itself: the key that session ids are derived by. */
export const KEY_OBJECTS = 'keys/session-ids';

export interface SessionStorageProps {
  /** Whether what was overwritten can be had back for a week. */
  readonly versioning: boolean;
  /** Whether bucket and table stay when the stack is deleted. */
  readonly keepData: boolean;
}

/** Where sessions live: their objects in S3, everything small in one DynamoDB table. */
export class SessionStorage extends Construct {
  readonly bucket: Bucket;
  readonly table: Table;

  constructor(scope: Construct, id: string, { versioning, keepData }: SessionStorageProps) {
    super(scope, id);
    const removalPolicy = keepData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
    this.bucket = new Bucket(this, 'Bucket', {
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      versioned: versioning,
      removalPolicy,
      lifecycleRules: [
        {
          id: 'sessions',
          transitions: [
            { storageClass: StorageClass.INFREQUENT_ACCESS, transitionAfter: Duration.days(IN_ACCESS_DAYS) },
          ],
          expiration: Duration.days(OBJECT_DAYS),
          abortIncompleteMultipartUploadAfter: Duration.days(1),
          ...(versioning ? { noncurrentVersionExpiration: Duration.days(OLD_VERSION_DAYS) } : {}),
        },
        { id: 'inbox', prefix: INBOX_OBJECTS.replace('*', ''), expiration: Duration.days(INBOX_DAYS) },
        {
          id: 'turns',
          prefix: TURN_OBJECTS.replace('*', ''),
          expiration: Duration.days(TURN_RECORD_DAYS),
        },
      ],
    });
    this.table = new Table(this, 'Table', {
      partitionKey: { name: TABLE_PARTITION_KEY, type: AttributeType.STRING },
      timeToLiveAttribute: TABLE_TTL_ATTRIBUTE,
      billingMode: BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      removalPolicy,
    });
  }
}
