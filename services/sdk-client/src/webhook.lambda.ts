// HTTP API event → secret → the webhook → queued in SQS → response
import type { Turn } from '@omnicloud/protocol';
import { DynamoStopRequests, openDynamoTable } from '@omnicloud/storage';
import { openSecretsManager } from '@omnicloud/secrets';
import { endOnUnknownState } from '@omnicloud/settings';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { parseWebhookEnvironment } from './lambda-config.ts';
import { openLambdaLog } from './lambda-log.ts';
import { DynamoBacklog } from './queue/backlog/dynamo-backlog.ts';
import { openSqsIntake } from './queue/sqs/sqs-client.ts';
import { toleratingBacklog } from './queue/backlog/tolerating-backlog.ts';
import type { Intake } from './receive/accept-update.ts';
import { requestOf, resultOf } from './receive/http-api-event.ts';
import { placeReply } from './receive/place-reply.ts';
import { ToldStrangers } from './people/told-strangers.ts';
import { createWebhook } from './receive/webhook.ts';

/** Lambda itself ends an environment after an error that nobody met; in ms. */
const PLATFORM_MS = 1_000;

const config = parseWebhookEnvironment();
const log = openLambdaLog(config.service);
endOnUnknownState({ log: (message, error) => log.error(message, error), graceMs: PLATFORM_MS });
const secrets = openSecretsManager();
const table = openDynamoTable(config.table);
const queue = openSqsIntake(config);
const backlog = toleratingBacklog(new DynamoBacklog(table), (error) =>
  log.error('Going on without the view of what waits', error),
);
const intake: Intake = {
  queue,
  backlog,
  stops: new DynamoStopRequests(table),
  allowedUsers: config.allowedUsers,
  ...(config.botUsername === undefined ? {} : { botUsername: config.botUsername }),
  strangers: new ToldStrangers(),
  onStranger: (userId, updateId) => log.info(`A stranger wrote: Telegram user ${userId}`, updateId),
  onIgnored: (reason, updateId) => log.info(`The update becomes no turn: ${reason}`, updateId),
  onError: (error) => log.error('Receiving an update', error),
};

const { parallelTurns } = config;
/** Nothing is known of places unless it is known how many there are. */
const places =
  parallelTurns === undefined
    ? {}
    : {
        replyTo: (turn: Turn) =>
          placeReply(turn, { crowd: queue.crowd, parallelTurns, backlog, onError: intake.onError }),
      };

/** Telegram sends what was answered like this again, and in its place. */
const LATER: APIGatewayProxyStructuredResultV2 = { statusCode: 503, headers: { 'retry-after': '2' } };

/** `POST /webhook` of an HTTP API (payload 2.0). A webhook secret that was replaced counts within five minutes. */
export async function handler(event: unknown): Promise<APIGatewayProxyStructuredResultV2> {
  const request = requestOf(event);
  if (!request) {
    log.error('Reading an event', new TypeError('It is none of an HTTP API with payload 2.0'));
    return { statusCode: 400 };
  }
  let secret: string;
  try {
    secret = await secrets.get(config.webhookSecret);
  } catch (error) {
    log.error('Reading the webhook secret', error);
    return LATER;
  }
  return resultOf(await createWebhook({ ...intake, ...places, secret }).fetch(request));
}
