import type { APIGatewayProxyEvent, APIGatewayProxyEventV2, SQSEvent } from 'aws-lambda';
import type { Message } from '@aws-sdk/client-sqs';
import { PERSON, WEBHOOK_SECRET } from '../fakes/telegram-server.ts';

const ACCOUNT = '123456789012';

/** As a REST API hands a request on (https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html). */
export function restApiEvent(
  method: string,
  path: string,
  {
    headers = {},
    body = null,
  }: {
    readonly headers?: Readonly<Record<string, string>> | undefined;
    readonly body?: string | null | undefined;
  } = {},
): APIGatewayProxyEvent {
  const identity = {
    sourceIp: '192.0.2.1',
    userAgent: 'node',
  } as APIGatewayProxyEvent['requestContext']['identity'];
  return {
    resource: '/{proxy+}',
    path,
    httpMethod: method,
    headers: { ...headers },
    multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
    queryStringParameters: null,
    multiValueQueryStringParameters: null,
    pathParameters: null,
    stageVariables: null,
    requestContext: {
      accountId: ACCOUNT,
      apiId: 'agentapi',
      authorizer: null,
      protocol: 'HTTP/1.1',
      httpMethod: method,
      identity,
      path: `/v1${path}`,
      stage: 'v1',
      requestId: 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef',
      requestTimeEpoch: Date.now(),
      resourceId: 'abc123',
      resourcePath: '/{proxy+}',
    },
    body,
    isBase64Encoded: false,
  };
}

/** As an HTTP API hands a webhook call on, payload format 2.0; it encodes what is no text of its own accord. */
export function httpApiEvent(
  path: string,
  headers: Readonly<Record<string, string>>,
  {
    body,
    isBase64Encoded = false,
  }: { readonly body: string; readonly isBase64Encoded?: boolean | undefined },
): APIGatewayProxyEventV2 {
  return {
    version: '2.0',
    routeKey: 'POST /webhook',
    rawPath: path,
    rawQueryString: '',
    headers: { 'content-type': 'application/json', ...headers },
    requestContext: {
      accountId: ACCOUNT,
      apiId: 'webhookapi',
      domainName: 'webhookapi.execute-api.us-east-1.amazonaws.com',
      domainPrefix: 'webhookapi',
      http: { method: 'POST', path, protocol: 'HTTP/1.1', sourceIp: '91.108.5.1', userAgent: '' },
      requestId: 'JKJaXmPLvHcESHA=',
      routeKey: 'POST /webhook',
      stage: '$default',
      time: '10/Nov/2026:19:03:58 +0000',
      timeEpoch: Date.now(),
    },
    body: isBase64Encoded ? Buffer.from(body).toString('base64') : body,
    isBase64Encoded,
  };
}

/** As an event source hands a received message on. */
export function sqsEvent({ MessageId, ReceiptHandle, Body, MD5OfBody, Attributes }: Message): SQSEvent {
  return {
    Records: [
      {
        messageId: MessageId ?? '',
        receiptHandle: ReceiptHandle ?? '',
        body: Body ?? '',
        attributes: {
          ApproximateReceiveCount: '1',
          SentTimestamp: String(Date.now()),
          SenderId: 'AIDAIENQZJOLO23YVJ4VO',
          ApproximateFirstReceiveTimestamp: String(Date.now()),
          ...Attributes,
        },
        messageAttributes: {},
        md5OfBody: MD5OfBody ?? '',
        eventSource: 'aws:sqs',
        eventSourceARN: `arn:aws:sqs:us-east-1:${ACCOUNT}:turns.fifo`,
        awsRegion: 'us-east-1',
      },
    ],
  };
}

export const SECRET_HEADER = 'x-telegram-bot-api-secret-token';
/** The header by which Telegram shows who it is. */
export const SHOWN = { [SECRET_HEADER]: WEBHOOK_SECRET };

/** Of the last update that was made. */
export let updateId = 900_000_000;

/** @returns a new update, as Telegram sends it, with a message of `PERSON`. */
export function update(text: string): string {
  updateId += 1;
  return JSON.stringify({
    update_id: updateId,
    message: {
      message_id: 1,
      date: Math.floor(Date.now() / 1000),
      chat: { id: PERSON, type: 'private', first_name: 'Ada' },
      from: { id: PERSON, is_bot: false, first_name: 'Ada', language_code: 'en' },
      text,
    },
  });
}
