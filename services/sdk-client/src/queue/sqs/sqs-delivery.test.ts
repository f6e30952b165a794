import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SQSClient } from '@aws-sdk/client-sqs';
import { expect, it, onTestFinished } from 'vitest';
import { sampleTurn } from '../sample-turn.fixture.ts';
import { handleSqsRecord } from './sqs-delivery.ts';
import { bodyOf, deduplicationId } from './sqs-record.ts';

/** @returns a client of an SQS that refuses every call as AWS does when a FIFO queue's receipt handle has expired. */
async function refusingClient(type: string, code: string): Promise<SQSClient> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      const message =
        'Value AQEB for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.';
      response.writeHead(400, {
        'content-type': 'application/x-amz-json-1.0',
        'x-amzn-query-error': `${code};Sender`,
      });
      response.end(JSON.stringify({ __type: type, message }));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = new SQSClient({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  onTestFinished(() => {
    client.destroy();
    server.closeAllConnections();
    server.close();
  });
  return client;
}

it.each([
  ['com.amazonaws.sqs#InvalidParameterValue', 'InvalidParameterValue'],
  ['com.amazon.coral.service#InvalidParameterValueException', 'InvalidParameterValue'],
  ['com.amazonaws.sqs#ReceiptHandleIsInvalid', 'ReceiptHandleIsInvalid'],
  ['com.amazonaws.sqs#MessageNotInflight', 'AWS.SimpleQueueService.MessageNotInflight'],
])('a delivery whose handle SQS refuses with %s was overtaken, and that is said once', async (type, code) => {
  const errors: unknown[] = [];
  const turn = sampleTurn(1);
  const record = {
    messageId: 'one',
    receiptHandle: 'AQEB',
    body: bodyOf(turn),
    attributes: { ApproximateReceiveCount: '1', MessageDeduplicationId: deduplicationId(turn.update_id) },
  };
  const outcome = await handleSqsRecord(
    record,
    { handle: () => Promise.resolve({ kind: 'done' }), giveUp: () => Promise.resolve(undefined) },
    {
      client: await refusingClient(type, code),
      queueUrl: 'http://127.0.0.1/1/turns.fifo',
      deadLetters: { add: () => Promise.reject(new Error('It is no dead letter')) },
      visibilityMs: 60_000,
      retryDelayMs: () => 0,
      onError: (error) => errors.push(error),
    },
  );
  expect(outcome).toBe('handled');
  expect(errors).toMatchObject([{ code: 'claim_lost', retryable: false }]);
});
