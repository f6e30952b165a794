import type { ServerResponse } from 'node:http';
import type { Protocol } from './model-call.ts';

/** Why the proxy itself does not answer a call; the provider's own refusals pass through as they are. */
type ProxyRefusal =
  | 'forbidden'
  | 'malformed'
  | 'too_large'
  | 'too_many'
  | 'too_slow'
  | 'over_budget'
  | 'unauthorised'
  | 'used_up'
  | 'unavailable';

/** Why one request is not answered, as the CLI is told. */
export interface Refusal {
  readonly refusal: ProxyRefusal;
  readonly message: string;
}

/**
 * The CLI must take each for what the provider would have said: it tries a 408, a 429 or a 503 again, and no 400. A 403 it tries six times, a 401
 * or 402 once (CLI 2.1.330).
 * Types: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html and https://docs.claude.com/en/api/errors
 */
const ANSWERS: Record<ProxyRefusal, { status: number; bedrock: string; anthropic: string }> = {
  forbidden: { status: 403, bedrock: 'AccessDeniedException', anthropic: 'permission_error' },
  malformed: { status: 400, bedrock: 'ValidationException', anthropic: 'invalid_request_error' },
  too_large: { status: 413, bedrock: 'ValidationException', anthropic: 'request_too_large' },
  too_many: { status: 429, bedrock: 'ThrottlingException', anthropic: 'rate_limit_error' },
  too_slow: { status: 408, bedrock: 'ModelTimeoutException', anthropic: 'invalid_request_error' },
  over_budget: { status: 400, bedrock: 'ServiceQuotaExceededException', anthropic: 'billing_error' },
  unauthorised: { status: 401, bedrock: 'UnrecognizedClientException', anthropic: 'authentication_error' },
  used_up: { status: 402, bedrock: 'ServiceQuotaExceededException', anthropic: 'billing_error' },
  unavailable: { status: 503, bedrock: 'ServiceUnavailableException', anthropic: 'api_error' },
};

/** Whoever may try again with a chance. */
const MAY_PASS = new Set<ProxyRefusal>(['too_many', 'too_slow', 'unavailable']);

/**
 * Answers in the provider's own error shape, and closes the connection, so that no more of the request is read. A response that was
 * begun is cut instead.
 */
export function refuse(response: ServerResponse, protocol: Protocol, { refusal, message }: Refusal): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { status, ...types } = ANSWERS[refusal];
  const type = types[protocol];
  const body =
    protocol === 'bedrock' ? { message } : { type: 'error', error: { type, message }, request_id: null };
  response
    .writeHead(status, {
      'Content-Type': 'application/json',
      ...(protocol === 'bedrock' ? { 'x-amzn-ErrorType': type } : {}),
      Connection: 'close',
      ...(MAY_PASS.has(refusal) ? {} : { 'x-should-retry': 'false' }),
    })
    .end(JSON.stringify(body));
}
