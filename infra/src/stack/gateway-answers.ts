import { wireError, type WireErrorCode } from '@omnicloud/protocol';
import { ResponseType } from 'aws-cdk-lib/aws-apigateway';

/** A refusal of the gateway itself, in the words of the protocol, so that its reader has one kind of error to understand. */
export interface GatewayAnswer {
  readonly type: ResponseType;
  readonly status: string;
  readonly code: WireErrorCode;
  readonly message: string;
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html */
export const GATEWAY_ANSWERS: readonly GatewayAnswer[] = [
  { type: ResponseType.DEFAULT_4XX, status: '400', code: 'bad_request', message: 'The gateway refused it' },
  {
    type: ResponseType.DEFAULT_5XX,
    status: '503',
    code: 'agent_unavailable',
    message: 'The agent server gave no answer',
  },
  {
    type: ResponseType.BAD_REQUEST_PARAMETERS,
    status: '400',
    code: 'bad_request',
    message: 'A header is missing; with tenant isolation, x-session-key names the conversation',
  },
  {
    type: ResponseType.UNAUTHORIZED,
    status: '401',
    code: 'unauthenticated',
    message: 'The bearer token is missing or wrong',
  },
  {
    type: ResponseType.ACCESS_DENIED,
    status: '401',
    code: 'unauthenticated',
    message: 'The bearer token is not for this',
  },
  {
    type: ResponseType.MISSING_AUTHENTICATION_TOKEN,
    status: '404',
    code: 'not_found',
    message: 'There is no such route',
  },
  {
    type: ResponseType.REQUEST_TOO_LARGE,
    status: '413',
    code: 'too_large',
    message: 'The request is too large',
  },
  {
    type: ResponseType.THROTTLED,
    status: '503',
    code: 'agent_unavailable',
    message: 'Too many requests at once',
  },
];

/** @returns the body as a mapping template; it names nothing of the request, so nothing in it needs escaping. */
export function answerTemplate({ code, message }: GatewayAnswer): string {
  return JSON.stringify({ error: wireError(code, message) });
}
