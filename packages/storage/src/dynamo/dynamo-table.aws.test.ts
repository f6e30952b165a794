import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  PutItemCommand,
  type PutItemCommandInput,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openEmptyTable } from './dynamo-local.fixture.ts';

const endpoint = inject('dynamodb');
const RACERS = 20;

// The adapters leave it to DynamoDB who is first; a server that writes whatever the condition would prove nothing about them.
describe.skipIf(endpoint === '')('DynamoDB Local itself', () => {
  let client: DynamoDBClient;
  let tableName: string;
  beforeAll(async () => {
    ({ client, tableName } = await openEmptyTable(endpoint));
  });
  afterAll(() => {
    client.destroy();
  });

  /** @returns the racers whose write was made; an error other than the condition's is thrown. */
  async function winners(
    inputOf: (racer: number) => Omit<PutItemCommandInput, 'TableName'>,
  ): Promise<number[]> {
    const results = await Promise.all(
      Array.from({ length: RACERS }, async (_, racer) => {
        try {
          await client.send(new PutItemCommand({ TableName: tableName, ...inputOf(racer) }));
          return [racer];
        } catch (error) {
          if (error instanceof ConditionalCheckFailedException) return [];
          throw error;
        }
      }),
    );
    return results.flat();
  }

  it('lets one of 20 writers create an item that must be absent', async () => {
    const won = await winners((racer) => ({
      Item: { session_key: { S: 'created-once' }, racer: { N: String(racer) } },
      ConditionExpression: 'attribute_not_exists(session_key)',
    }));
    expect(won).toHaveLength(1);
  });

  it('lets one of 20 writers replace an item that must be as they all know it', async () => {
    const key = { session_key: { S: 'replaced-once' } };
    await client.send(new PutItemCommand({ TableName: tableName, Item: { ...key, racer: { N: '-1' } } }));
    const won = await winners((racer) => ({
      Item: { ...key, racer: { N: String(racer) } },
      ConditionExpression: 'racer = :nobody',
      ExpressionAttributeValues: { ':nobody': { N: '-1' } },
    }));
    expect(won).toHaveLength(1);
  });

  it('tells who is refused what was there instead', async () => {
    const key = { session_key: { S: 'refused' } };
    await client.send(new PutItemCommand({ TableName: tableName, Item: { ...key, holder: { S: 'one' } } }));
    const refused = client.send(
      new UpdateItemCommand({
        TableName: tableName,
        Key: key,
        UpdateExpression: 'SET holder = :two',
        ConditionExpression: 'attribute_not_exists(holder)',
        ExpressionAttributeValues: { ':two': { S: 'two' } },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    );
    await expect(refused).rejects.toMatchObject({ Item: { ...key, holder: { S: 'one' } } });
  });
});
