import { ConditionalCheckFailedException, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { TABLE_PARTITION_KEY } from '../table-keys.ts';
import { DynamoTableError } from './dynamo-table-error.ts';

/** One call with all its retries; shorter than a lease lasts, so that its holder learns in time that the table is silent. */
const CALL_LIMIT_MS = 5_000;

export type TableAttributes = Readonly<Record<string, unknown>>;

interface Condition {
  /** DynamoDB's ConditionExpression. */
  readonly condition: string;
  /** What the `:names` in the expressions stand for. */
  readonly values: Readonly<Record<string, unknown>> | undefined;
}

interface ConditionalUpdate extends Condition {
  /** DynamoDB's UpdateExpression. */
  readonly update: string;
}

export type UpdateOutcome =
  | { readonly applied: true; readonly item: TableAttributes }
  /** `item` is what was there instead, its strings and numbers. After more than one attempt, the first may have been applied. */
  | { readonly applied: false; readonly item: TableAttributes; readonly attempts: number };

export interface DynamoTableOptions {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  /** For one call with all its retries, in ms; 5 s unless told otherwise. */
  readonly callLimitMs?: number;
}

/**
 * What the adapters need of the one table, with whole items, and a limit on how long it may take.
 * Every method throws DynamoTableError.
 */
export class DynamoTable {
  readonly #client: DynamoDBDocumentClient;
  readonly #tableName: string;
  readonly #callLimitMs: number;

  constructor({ client, tableName, callLimitMs = CALL_LIMIT_MS }: DynamoTableOptions) {
    this.#client = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
    this.#tableName = tableName;
    this.#callLimitMs = callLimitMs;
  }

  /** @returns the item as of all writes that were answered, undefined when there is none; it may have expired. */
  async find(key: string): Promise<TableAttributes | undefined> {
    const command = new GetCommand({ ...this.#at(key), ConsistentRead: true });
    const { Item } = await this.#sent((options) => this.#client.send(command, options));
    return Item;
  }

  /** Creates or replaces the item. */
  async put(key: string, attributes: TableAttributes): Promise<void> {
    const command = new PutCommand({
      TableName: this.#tableName,
      Item: { ...attributes, [TABLE_PARTITION_KEY]: key },
    });
    await this.#sent((options) => this.#client.send(command, options));
  }

  /** Removes the item, if the condition holds for what is there; a condition on an attribute does not hold where there is none. */
  async deleteIf(key: string, { condition, values }: Condition): Promise<void> {
    const command = new DeleteCommand({
      ...this.#at(key),
      ConditionExpression: condition,
      ExpressionAttributeValues: values,
    });
    await this.#conditionally(async () => {
      await this.#sent((options) => this.#client.send(command, options));
      return {};
    });
  }

  /** Creates or replaces the item, if the condition holds for what is there. */
  async putIf(key: string, attributes: TableAttributes, rule: Condition): Promise<UpdateOutcome> {
    const item = { ...attributes, [TABLE_PARTITION_KEY]: key };
    const command = new PutCommand({
      TableName: this.#tableName,
      Item: item,
      ConditionExpression: rule.condition,
      ExpressionAttributeValues: rule.values,
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    return this.#conditionally(async () => {
      await this.#sent((options) => this.#client.send(command, options));
      return item;
    });
  }

  /** Changes the item, or creates it, if the condition holds for what is there. */
  async updateIf(key: string, { update, condition, values }: ConditionalUpdate): Promise<UpdateOutcome> {
    const command = new UpdateCommand({
      ...this.#at(key),
      UpdateExpression: update,
      ConditionExpression: condition,
      ExpressionAttributeValues: values,
      ReturnValues: 'ALL_NEW',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    return this.#conditionally(async () => {
      const { Attributes } = await this.#sent((options) => this.#client.send(command, options));
      return Attributes ?? {};
    });
  }

  async #conditionally(write: () => Promise<TableAttributes>): Promise<UpdateOutcome> {
    try {
      return { applied: true, item: await write() };
    } catch (error) {
      const refusal = error instanceof DynamoTableError ? error.cause : undefined;
      if (!(refusal instanceof ConditionalCheckFailedException)) throw error;
      return { applied: false, item: plain(refusal.Item), attempts: refusal.$metadata.attempts ?? 1 };
    }
  }

  #at(key: string): { TableName: string; Key: Record<string, string> } {
    return { TableName: this.#tableName, Key: { [TABLE_PARTITION_KEY]: key } };
  }

  async #sent<Output>(send: (options: { abortSignal: AbortSignal }) => Promise<Output>): Promise<Output> {
    try {
      return await send({ abortSignal: AbortSignal.timeout(this.#callLimitMs) });
    } catch (error) {
      throw new DynamoTableError(error);
    }
  }
}

/** The document client translates what is returned, but not what is thrown. */
function plain(item: ConditionalCheckFailedException['Item'] = {}): TableAttributes {
  return Object.fromEntries(
    Object.entries(item).map(([name, { S, N }]) => [name, N === undefined ? S : Number(N)]),
  );
}
