import type { SDKResultMessage } from '@anthropic-ai/claude-agent-sdk';
import { describe, expect, it } from 'vitest';
import { AgentError } from '../../errors.ts';
import { failureOf, isCutAtOutputLimit, RunSigns } from './run-failure.ts';
import { confirmed, textBlock } from './sdk-message.fixture.ts';

const DETAIL = 'API Error at https://internal.host/model';

/** What a grant knows of a run whose calls were all answered. */
const FINE = { isOverBudget: false, failure: undefined };
/** Nothing that the CLI said beside its result. */
const NO_SIGNS = { model: undefined, error: undefined, cut: undefined };
const NOT_FOUND = { ...NO_SIGNS, model: 'anthropic.some-model-v1:0', error: 'model_not_found' };
const CUT = { api_error: 'max_output_tokens' };

/** A model call that failed ends the turn so: `success`, with `is_error` (and the status, if there was an answer). */
const apiError = (status?: number | null, more: object = {}): SDKResultMessage =>
  ({
    type: 'result',
    subtype: 'success',
    is_error: true,
    result: DETAIL,
    terminal_reason: 'api_error',
    ...(status === undefined ? {} : { api_error_status: status }),
    ...more,
  }) as unknown as SDKResultMessage;

const executionError = (subtype: string, terminalReason?: string): SDKResultMessage =>
  ({
    type: 'result',
    subtype,
    is_error: true,
    errors: [DETAIL, 'more'],
    terminal_reason: terminalReason,
  }) as unknown as SDKResultMessage;

it.each<[string, SDKResultMessage, string, boolean]>([
  ['no answer at all', apiError(), 'model_unavailable', true],
  ['no status', apiError(null), 'model_unavailable', true],
  ['HTTP 408', apiError(408), 'model_unavailable', true],
  ['HTTP 429', apiError(429), 'model_throttled', true],
  ['HTTP 500', apiError(500), 'model_unavailable', true],
  ['HTTP 529', apiError(529), 'model_unavailable', true],
  ['HTTP 400', apiError(400), 'model_refused', false],
  ['HTTP 401', apiError(401), 'model_keys', true],
  ['HTTP 403', apiError(403), 'model_keys', true],
  ['HTTP 404', apiError(404), 'model_refused', false],
  ['a prompt that is too long', apiError(400, { terminal_reason: 'prompt_too_long' }), 'context_full', false],
  [
    'a window that fills again',
    apiError(null, { terminal_reason: 'rapid_refill_breaker' }),
    'context_full',
    false,
  ],
  ['a refusal', apiError(null, { stop_reason: 'refusal', safety_stops: 1 }), 'model_declined', false],
  ['an answer without an end', apiError(null, CUT), 'output_limit', false],
  ['a spent budget', executionError('error_max_budget_usd', 'budget_exhausted'), 'over_budget', false],
  ['too many turns', executionError('error_max_turns', 'max_turns'), 'agent_crashed', true],
  ['an error of the CLI', executionError('error_during_execution'), 'agent_crashed', true],
])('calls %s what it is, and whether trying again may help', (_, result, code, retryable) => {
  const error = failureOf(result, FINE, NO_SIGNS);
  expect([error.code, error.retryable]).toEqual([code, retryable]);
});

it('tells the user how to go on when the conversation is too long', () => {
  expect(failureOf(apiError(400, { terminal_reason: 'prompt_too_long' }), FINE, NO_SIGNS).message).toContain(
    '/new',
  );
});

it('keeps the CLI’s own words as the cause, and out of the message', () => {
  for (const result of [apiError(500), apiError(), executionError('error_during_execution')]) {
    const error = failureOf(result, FINE, NO_SIGNS);
    expect((error.cause as Error).message).toContain(DETAIL);
    expect(error.message).not.toContain('internal.host');
  }
});

describe('what the model proxy has seen', () => {
  it('makes a refused call of a turn over its limit just that, whatever the CLI took it for', () => {
    for (const result of [apiError(400), apiError(), executionError('error_during_execution')]) {
      const error = failureOf(result, { isOverBudget: true, failure: undefined }, NO_SIGNS);
      expect([error.code, error.retryable]).toEqual(['over_budget', false]);
    }
  });

  it('says why a call had no answer, with its cause', () => {
    const failure = new AgentError('model_refused', 'No credentials', { cause: new Error('secret gone') });
    const error = failureOf(apiError(403), { isOverBudget: false, failure }, NO_SIGNS);
    expect([error.code, error.message]).toEqual(['model_refused', 'No credentials']);
    expect((error.cause as Error).cause).toBe(failure);
  });
});

describe('what the CLI said on its way', () => {
  it('tells a model that cannot be used from a request that is refused, and names it', () => {
    for (const status of [400, 404])
      expect(failureOf(apiError(status), FINE, NOT_FOUND)).toMatchObject({
        code: 'model_no_access',
        details: { model: 'anthropic.some-model-v1:0' },
      });
  });

  it('tells a full window from an answer that is too long', () => {
    const full = { ...NO_SIGNS, cut: 'context_window' };
    expect(failureOf(apiError(null, CUT), FINE, full).code).toBe('context_full');
    expect(isCutAtOutputLimit(apiError(null, CUT), full)).toBe(false);
    expect(isCutAtOutputLimit(apiError(null, CUT), { cut: 'output_limit' })).toBe(true);
  });

  it('is that of the main agent’s last message alone', () => {
    const signs = new RunSigns();
    const failed = confirmed('m1', [textBlock('no')], { error: 'model_not_found' });
    signs.note(failed);
    expect(signs.error).toBe('model_not_found');
    signs.note(confirmed('m2', [textBlock('a subagent')], { subagentOf: 'tool-1' }));
    expect(signs.error).toBe('model_not_found');
    signs.note(confirmed('m3', [textBlock('It went well after all.')]));
    expect(signs.error).toBeUndefined();
  });
});
