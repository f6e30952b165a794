import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { DynamoTableOptions } from './dynamo-table.ts';

/** @returns the table of that name in the region and the account that the AWS SDK finds by itself. */
export function openDynamoTable(tableName: string): DynamoTableOptions {
  return { client: new DynamoDBClient(), tableName };
}
