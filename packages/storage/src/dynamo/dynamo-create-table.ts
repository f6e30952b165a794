import { CreateTableCommand, type DynamoDBClient, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import { TABLE_PARTITION_KEY } from '../table-keys.ts';

const CREATION_LIMIT_SECONDS = 60;

/** Creates the one table where no stack does, as in DynamoDB Local, and waits until it can be used. Throws the AWS SDK's own errors. */
export async function createDynamoTable(client: DynamoDBClient, tableName: string): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName: tableName,
      KeySchema: [{ AttributeName: TABLE_PARTITION_KEY, KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: TABLE_PARTITION_KEY, AttributeType: 'S' }],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
  await waitUntilTableExists({ client, maxWaitTime: CREATION_LIMIT_SECONDS }, { TableName: tableName });
}
