import { DynamoDBServiceException } from '@aws-sdk/client-dynamodb';

/** The table could not be used; the AWS SDK's own error is the cause. */
export class DynamoTableError extends Error {
  override readonly name = 'DynamoTableError';
  readonly code: 'table_throttled' | 'table_unavailable' | 'table_refused';
  /** Whether the same call may succeed later: yes, unless the table `refused` it (no such table, not allowed, not valid). */
  readonly retryable: boolean;

  constructor(cause: unknown) {
    const code = codeOf(cause);
    super('The DynamoDB table could not be used', { cause });
    this.code = code;
    this.retryable = code !== 'table_refused';
  }
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html, those marked "OK to retry? Yes" */
const THROTTLING_ERRORS = new Set([
  'ItemCollectionSizeLimitExceededException',
  'LimitExceededException',
  'ProvisionedThroughputExceededException',
  'ReplicatedWriteConflictException',
  'RequestLimitExceeded',
  'ThrottlingException',
  'TransactionConflictException',
]);

/** What is no answer of the service is a connection that failed or a call that took too long. */
function codeOf(cause: unknown): DynamoTableError['code'] {
  if (!(cause instanceof DynamoDBServiceException)) return 'table_unavailable';
  if (THROTTLING_ERRORS.has(cause.name)) return 'table_throttled';
  return cause.$fault === 'server' || (cause.$metadata.httpStatusCode ?? 0) >= 500
    ? 'table_unavailable'
    : 'table_refused';
}
