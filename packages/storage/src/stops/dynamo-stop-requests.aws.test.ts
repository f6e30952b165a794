import { describe, inject } from 'vitest';
import { openEmptyTable } from '../dynamo/dynamo-local.fixture.ts';
import { DynamoStopRequests } from './dynamo-stop-requests.ts';
import { describeStopRequests } from './stop-requests.contract.ts';

const endpoint = inject('dynamodb');

describe.skipIf(endpoint === '')('against DynamoDB Local', () => {
  describeStopRequests('The DynamoDB stop requests', async (now) => {
    const options = { ...(await openEmptyTable(endpoint)), now };
    return {
      stops: new DynamoStopRequests(options),
      reopen: () => Promise.resolve(new DynamoStopRequests(options)),
      close: () => {
        options.client.destroy();
        return Promise.resolve();
      },
    };
  });
});
