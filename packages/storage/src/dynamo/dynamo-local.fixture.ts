import { randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createDynamoTable } from './dynamo-create-table.ts';

/** @param endpoint of a server that takes any credentials. */
function dynamoClient(endpoint: string): DynamoDBClient {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  return new DynamoDBClient({ endpoint, region: 'us-east-1', credentials });
}

/** An empty table of its own, to be spread into an adapter's options. */
export async function openEmptyTable(
  endpoint: string,
): Promise<{ client: DynamoDBClient; tableName: string }> {
  const client = dynamoClient(endpoint);
  const tableName = `omnicloud-${randomUUID()}`;
  await createDynamoTable(client, tableName);
  return { client, tableName };
}
