import { TableNotFoundException, UpdateContinuousBackupsCommand } from '@aws-sdk/client-dynamodb';
import type { AwsAccount } from './aws-account.ts';

/**
 * Of a table that could be restored to a point in time, DynamoDB keeps a backup for 35 days when it is deleted
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/PointInTimeRecovery_Howitworks.html). Without that, none stays.
 * @returns whether there is such a table.
 */
export async function dropBackups({ tables }: Pick<AwsAccount, 'tables'>, table: string): Promise<boolean> {
  try {
    await tables.send(
      new UpdateContinuousBackupsCommand({
        TableName: table,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: false },
      }),
    );
    return true;
  } catch (error) {
    if (error instanceof TableNotFoundException) return false;
    throw error;
  }
}
