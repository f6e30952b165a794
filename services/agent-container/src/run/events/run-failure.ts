// how the CLI says that a run failed, and what the model proxy saw of it → what it is, by fields alone: texts are for people
import type { SDKMessage, SDKResultMessage } from '@anthropic-ai/claude-agent-sdk';
import { z } from 'zod';
import { AgentError } from '../../errors.ts';
import type { ModelGrant } from '../../model-proxy/calls/model-grant.ts';
import { noAccess } from '../../model-proxy/calls/provider-failure.ts';

/** Fields that the CLI writes (2.1.330), and the SDK's types leave out in part. */
const resultFields = z.object({
  stop_reason: z.string().nullish(),
  terminal_reason: z.string().nullish(),
  api_error: z.string().nullish(),
  api_error_status: z.number().nullish(),
});
const errorFields = z.object({
  error: z.string(),
  api_error_params: z.object({ cut: z.string().optional() }).optional(),
});

/** Ends of a run whose conversation did not fit, the last one although it was compacted again and again. */
const FULL_WINDOW = new Set(['prompt_too_long', 'blocking_limit', 'rapid_refill_breaker']);

/** What the CLI has said on the way to the end of a run. */
export class RunSigns {
  /** The model that the run began with. */
  model: string | undefined;
  /** The kind of the last failed model call of the main agent, as the CLI names it. */
  error: string | undefined;
  /** Of an answer that was cut off: at which limit. */
  cut: string | undefined;

  note(message: SDKMessage): void {
    if (message.type === 'system' && message.subtype === 'init') this.model = message.model;
    if (message.type !== 'assistant' || message.parent_tool_use_id !== null) return;
    const { data } = errorFields.safeParse(message);
    this.error = data?.error;
    this.cut = data?.api_error_params?.cut;
  }
}

/** @returns whether the answer reached its output limit although the CLI let the model go on; what was said may be kept. */
export function isCutAtOutputLimit(result: SDKResultMessage, { cut }: Pick<RunSigns, 'cut'>): boolean {
  return result.is_error && fieldsOf(result).api_error === 'max_output_tokens' && cut !== 'context_window';
}

/** @returns the failure of such an answer; see `isCutAtOutputLimit`. */
export function cutAtOutputLimit(cause?: unknown): AgentError {
  return new AgentError('output_limit', 'The answer reached its output limit again and again', { cause });
}

/**
 * @param result a result with `is_error`: its subtype may still be `success` (a failed model call ends so).
 * @param grant what the model proxy has seen of this run; it knows what the CLI can only guess from an answer.
 * @returns the error in our terms: what the user reads, and whether the same turn may succeed later.
 */
export function failureOf(
  result: SDKResultMessage,
  grant: Pick<ModelGrant, 'isOverBudget' | 'failure'>,
  signs: Pick<RunSigns, 'model' | 'error' | 'cut'>,
): AgentError {
  const said = result.subtype === 'success' ? result.result : result.errors.join('; ');
  const cause = new Error(said, { cause: grant.failure });
  if (grant.isOverBudget)
    return new AgentError('over_budget', 'This turn reached its token limit', { cause });
  const { stop_reason: stopReason, terminal_reason: terminalReason } = fieldsOf(result);
  if (FULL_WINDOW.has(terminalReason ?? '')) return contextFull(cause);
  if (terminalReason === 'budget_exhausted')
    return new AgentError('over_budget', 'This turn reached its spending limit', { cause });
  if (stopReason === 'refusal')
    return new AgentError('model_declined', 'The model declined to answer this', {
      cause,
      isContentRefused: true,
    });
  if (isCutAtOutputLimit(result, signs)) return cutAtOutputLimit(cause);
  if (signs.cut === 'context_window') return contextFull(cause);
  const { failure } = grant;
  if (failure) return new AgentError(failure.code, failure.message, { cause, details: failure.details });
  return modelFailure(result, signs, cause);
}

function contextFull(cause: Error): AgentError {
  return new AgentError(
    'context_full',
    'This conversation has grown too long for the model; start anew with /new',
    { cause, isContentRefused: true },
  );
}

function modelFailure(
  result: SDKResultMessage,
  { model, error }: Pick<RunSigns, 'model' | 'error'>,
  cause: Error,
): AgentError {
  const status = fieldsOf(result).api_error_status ?? undefined;
  if (result.subtype === 'success' && status === undefined) {
    return new AgentError('model_unavailable', 'The model could not be reached', { cause });
  }
  if (status === undefined)
    return new AgentError('agent_crashed', 'The agent could not finish this turn', { cause });
  // So the CLI names a model that is asked for by its bare id where it needs an inference profile.
  if (error === 'model_not_found') return noAccess(model, cause);
  if (error === 'billing_error')
    return new AgentError('model_quota', 'The quota of the account at the model provider is used up', {
      cause,
    });
  if (status === 429)
    return new AgentError('model_throttled', 'The model is busy (too many requests)', { cause });
  if (status === 401 || status === 403) {
    return new AgentError('model_keys', `The model refused our credentials (HTTP ${status})`, { cause });
  }
  if (status === 408 || status >= 500) {
    return new AgentError('model_unavailable', `The model had an error (HTTP ${status})`, { cause });
  }
  return new AgentError('model_refused', `The model refused this request (HTTP ${status})`, {
    cause,
    isContentRefused: true,
  });
}

function fieldsOf(result: SDKResultMessage): z.infer<typeof resultFields> {
  return resultFields.safeParse(result).data ?? {};
}
