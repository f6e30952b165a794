import fc from 'fast-check';
import { expect, it } from 'vitest';
import { providerFailure, retryAfterSeconds } from './provider-failure.ts';

const NOW = Date.UTC(2026, 10, 30, 12);
const MODEL = 'anthropic.some-model-v1:0';

const failureOf = (
  protocol: 'bedrock' | 'anthropic',
  {
    statusCode,
    type = '',
    retryAfter,
  }: {
    readonly statusCode: number;
    readonly type?: string | undefined;
    readonly retryAfter?: string | undefined;
  },
): ReturnType<typeof providerFailure> =>
  providerFailure(
    {
      statusCode,
      headers: {
        ...(type === '' ? {} : { 'x-amzn-errortype': type }),
        ...(retryAfter === undefined ? {} : { 'retry-after': retryAfter }),
      },
    },
    { protocol, model: MODEL },
    NOW,
  );

it.each([
  ['bedrock', 403, 'AccessDeniedException', 'model_no_access'],
  ['bedrock', 404, 'ResourceNotFoundException', 'model_no_access'],
  ['bedrock', 403, 'ExpiredTokenException', 'model_keys'],
  ['bedrock', 403, 'UnrecognizedClientException:http://internal.amazon.com/coral/', 'model_keys'],
  ['bedrock', 403, 'InvalidSignatureException', 'model_keys'],
  ['bedrock', 401, '', 'model_keys'],
  ['bedrock', 400, 'ServiceQuotaExceededException', 'model_quota'],
  ['anthropic', 401, '', 'model_keys'],
  ['anthropic', 402, '', 'model_quota'],
  ['anthropic', 403, '', 'model_no_access'],
  ['anthropic', 404, '', 'model_no_access'],
] as const)('%s: HTTP %i %s is %s', (protocol, status, type, code) => {
  expect(failureOf(protocol, { statusCode: status, type })?.code).toBe(code);
});

it.each([
  ['bedrock', 200, ''],
  ['bedrock', 400, 'ValidationException'],
  ['bedrock', 408, 'ModelTimeoutException'],
  ['bedrock', 429, 'ThrottlingException'],
  ['bedrock', 500, 'InternalServerException'],
  ['bedrock', 503, 'ServiceUnavailableException'],
  ['anthropic', 400, ''],
  ['anthropic', 413, ''],
  ['anthropic', 429, ''],
  ['anthropic', 529, ''],
] as const)('%s: HTTP %i %s is left to the CLI', (protocol, status, type) => {
  expect(failureOf(protocol, { statusCode: status, type })).toBeUndefined();
});

it('names the model that may not be used', () => {
  expect(failureOf('bedrock', { statusCode: 403, type: 'AccessDeniedException' })?.details).toEqual({
    model: MODEL,
  });
});

it('tells a quota from throttling by how long the provider asks to wait, and says when it ends', () => {
  expect(
    failureOf('bedrock', { statusCode: 429, type: 'ThrottlingException', retryAfter: '30' }),
  ).toBeUndefined();
  expect(
    failureOf('anthropic', { statusCode: 429, type: '', retryAfter: new Date(NOW + 60_000).toUTCString() }),
  ).toBeUndefined();
  for (const inTwoHours of ['7200', new Date(NOW + 7_200_000).toUTCString()])
    expect(
      failureOf('bedrock', { statusCode: 429, type: 'ThrottlingException', retryAfter: inTwoHours }),
    ).toMatchObject({
      code: 'model_quota',
      details: { until: '2026-11-30T14:00:00.000Z' },
    });
});

it('takes of a Retry-After what is a time to wait, and nothing else', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.integer().map(String), fc.double().map(String), fc.date().map(String)),
      (value) => {
        const seconds = retryAfterSeconds(value, NOW);
        expect(
          seconds === undefined || (Number.isInteger(seconds) && seconds > 0 && seconds <= 2_678_400),
        ).toBe(true);
      },
    ),
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2_678_400 }), (seconds) => {
      expect(retryAfterSeconds(` ${seconds} `, NOW)).toBe(seconds);
      expect(retryAfterSeconds(new Date(NOW + seconds * 1000).toUTCString(), NOW)).toBe(seconds);
    }),
  );
});
