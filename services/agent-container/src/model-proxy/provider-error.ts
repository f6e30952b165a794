import type { ServerResponse } from 'node:http';
import type { Protocol } from './model-call.ts';

/** Why the proxy itself does not answer a call; the provider's own refusals pass through as they are. */
export type ProxyRefusal =
  'forbidden' | 'too_large' | 'too_many' | 'over_budget' | 'unauthorised' | 'unavailable';

/**
 * The CLI must take each for what the provider would have said: it tries a 429 or a 503 again, and no 400.
 * Types: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html and https://docs.claude.com/en/api/errors
 */
const ANSWERS: Record<ProxyRefusal, { status: number; bedrock: string; anthropic: string }> = {
  forbidden: { status: 403, bedrock: 'AccessDeniedException', anthropic: 'permission_error' },
  too_large: { status: 413, bedrock: 'ValidationException', anthropic: 'request_too_large' },
  too_many: { status: 429, bedrock: 'ThrottlingException', anthropic: 'rate_limit_error' },
  over_budget: { status: 400, bedrock: 'ServiceQuotaExceededException', anthropic: 'billing_error' },
  unauthorised: { status: 403, bedrock: 'AccessDeniedException', anthropic: 'permission_error' },
  unavailable: { status: 503, bedrock: 'ServiceUnavailableException', anthropic: 'api_error' },
};

/** Answers in the provider's own error shape; a response that was begun is cut instead. */
export function refuse(
  response: ServerResponse,
  protocol: Protocol,
  refusal: ProxyRefusal,
  message: string,
): void {
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
      ...(refusal === 'unavailable' || refusal === 'too_many' ? {} : { 'x-should-retry': 'false' }),
    })
    .end(JSON.stringify(body));
}
