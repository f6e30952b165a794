// HTTP API event → secret → the webhook → queued in SQS → response
import { DynamoStopRequests, openDynamoTable } from '@omnicloud/storage';
import { openSecretsManager } from '@omnicloud/secrets';
import { endOnUnknownState } from '@omnicloud/settings';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { parseWebhookEnvironment } from './lambda-config.ts';
import { openLambdaLog } from './lambda-log.ts';
import { openWebhook } from './open-webhook.ts';
import { DynamoBacklog } from './queue/backlog/dynamo-backlog.ts';
import { openSqsIntake } from './queue/sqs/sqs-client.ts';
import { requestOf, resultOf } from './receive/http-api-event.ts';

/** Lambda itself ends an environment after an error that nobody met; in ms. */
const PLATFORM_MS = 1_000;

const config = parseWebhookEnvironment();
const log = openLambdaLog(config.service);
endOnUnknownState({ log: (message, error) => log.error(message, error), graceMs: PLATFORM_MS });
const secrets = openSecretsManager();
const table = openDynamoTable(config.table);
const queue = openSqsIntake(config);
const { parallelTurns } = config;
const webhook = openWebhook({
  stores: { queue, backlog: new DynamoBacklog(table), stops: new DynamoStopRequests(table) },
  allowedUsers: config.allowedUsers,
  botUsername: config.botUsername,
  secret: () => secrets.get(config.webhookSecret),
  log,
  // Nothing is known of places unless it is known how many there are.
  ...(parallelTurns === undefined ? {} : { places: { crowd: queue.crowd, parallelTurns } }),
});

/** `POST /webhook` of an HTTP API (payload 2.0). A webhook secret that was replaced counts within five minutes. */
export async function handler(event: unknown): Promise<APIGatewayProxyStructuredResultV2> {
  const request = requestOf(event);
  if (!request) {
    log.error('Reading an event', new TypeError('It is none of an HTTP API with payload 2.0'));
    return { statusCode: 400 };
  }
  return resultOf(await webhook.fetch(request));
}
