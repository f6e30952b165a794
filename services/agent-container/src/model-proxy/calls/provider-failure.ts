// status, type and headers of a provider's answer → what is wrong, as far as it concerns the account and not the request
import type { IncomingHttpHeaders } from 'node:http';
import { AgentError } from '../../errors.ts';
import type { Protocol } from './model-call.ts';

/** What is read of an answer. Its text is for people, and may change any day. */
export interface ProviderAnswer {
  readonly statusCode?: number | undefined;
  readonly headers: IncomingHttpHeaders;
}

/**
 * What AWS says of keys that are wrong or have run out, so that others may be there by now
 * (https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html).
 * AccessDeniedException is not among them: it is about what known keys may do.
 */
const REFUSED_KEYS = new Set([
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
  'RequestExpired',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
]);

/** A throttled call may be repeated within a minute or so; who asks for a longer pause than this means a quota. In seconds. */
const LONGEST_THROTTLING_S = 600;
/** No quota lasts longer; what asks for more is no time. In seconds. */
const LONGEST_QUOTA_S = 31 * 24 * 60 * 60;

/** @returns the type of an error as AWS names it; empty when there is none. */
export function errorTypeOf({ headers }: Pick<ProviderAnswer, 'headers'>): string {
  // It may be followed by a colon and a URL.
  return String(headers['x-amzn-errortype'] ?? '').split(':')[0] ?? '';
}

/** @returns whether AWS says that it does not know the keys, or knows them no longer. */
export function refusesKeys(answer: ProviderAnswer): boolean {
  return (answer.statusCode === 400 || answer.statusCode === 403) && REFUSED_KEYS.has(errorTypeOf(answer));
}

/**
 * @param model the id that was asked for, when it is known.
 * @param nowMs ms since 1970.
 * @returns what must be put right before any call succeeds; undefined for an answer, for what is wrong with the request itself, and for what
 *   passes by itself: those are the CLI's.
 */
export function providerFailure(
  answer: ProviderAnswer,
  { protocol, model }: { readonly protocol: Protocol; readonly model: string | undefined },
  nowMs: number = Date.now(),
): AgentError | undefined {
  const { statusCode: status = 0 } = answer;
  if (status < 400) return undefined;
  const cause = new Error(`${status} ${errorTypeOf(answer)}`.trim());
  switch (kindOf(answer, protocol, nowMs)) {
    case 'keys':
      return new AgentError(
        'model_keys',
        'The model provider refuses the keys: they are wrong or have expired',
        {
          cause,
        },
      );
    case 'access':
      return noAccess(model, cause);
    case 'quota': {
      const seconds = retryAfterSeconds(answer.headers['retry-after'], nowMs);
      const until = seconds === undefined ? {} : { until: new Date(nowMs + seconds * 1000).toISOString() };
      const message = 'The quota of the account at the model provider is used up';
      return new AgentError('model_quota', message, { cause, details: until });
    }
    case undefined:
      return undefined;
  }
}

/** @returns the failure of a model that the account may not use, or that does not exist under this id. */
export function noAccess(model: string | undefined, cause: unknown): AgentError {
  const message = `The account may not use the model ${model ?? '(see ANTHROPIC_MODEL)'}, or it does not exist under this id`;
  return new AgentError('model_no_access', message, {
    cause,
    ...(model === undefined ? {} : { details: { model } }),
  });
}

function kindOf(
  answer: ProviderAnswer,
  protocol: Protocol,
  nowMs: number,
): 'keys' | 'access' | 'quota' | undefined {
  const status = answer.statusCode ?? 0;
  if (status === 401 || refusesKeys(answer)) return 'keys';
  if (status === 403 || status === 404) return 'access';
  // https://docs.claude.com/en/api/errors: billing_error
  if (status === 402) return 'quota';
  if (protocol === 'bedrock' && errorTypeOf(answer) === 'ServiceQuotaExceededException') return 'quota';
  if (status !== 429) return undefined;
  const seconds = retryAfterSeconds(answer.headers['retry-after'], nowMs);
  return seconds !== undefined && seconds > LONGEST_THROTTLING_S ? 'quota' : undefined;
}

/**
 * @param value of a `Retry-After` header: seconds, or a date (https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3).
 * @returns whole seconds from now; undefined for what is no time, is over, or is beyond any quota.
 */
export function retryAfterSeconds(value: string | undefined, nowMs: number): number | undefined {
  const text = value?.trim() ?? '';
  const seconds = /^\d{1,9}$/.test(text) ? Number(text) : Math.ceil((Date.parse(text) - nowMs) / 1000);
  return seconds > 0 && seconds <= LONGEST_QUOTA_S ? seconds : undefined;
}
