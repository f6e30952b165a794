import type { SDKResultMessage } from '@anthropic-ai/claude-agent-sdk';
import { AgentError } from '../errors.ts';
import type { ModelGrant } from '../model-proxy/model-grant.ts';

/**
 * @param result a result with `is_error`: its subtype may still be `success` (a failed model call ends so).
 * @param grant what the model proxy has seen of this run; it knows what the CLI can only guess from an answer.
 * @returns the error in our terms: what the user reads, and whether the same turn may succeed later.
 */
export function failureOf(
  result: SDKResultMessage,
  grant: Pick<ModelGrant, 'isOverBudget' | 'failure'>,
): AgentError {
  const said = result.subtype === 'success' ? result.result : result.errors.join('; ');
  const cause = new Error(said, { cause: grant.failure });
  if (grant.isOverBudget)
    return new AgentError('over_budget', 'This turn reached its token limit', { cause });
  switch (result.terminal_reason) {
    case 'prompt_too_long':
    case 'blocking_limit':
      return new AgentError(
        'model_refused',
        'This conversation has grown too long for the model; start anew with /new',
        { cause },
      );
    case 'budget_exhausted':
      return new AgentError('over_budget', 'This turn reached its spending limit', { cause });
    default:
      if (grant.failure) return new AgentError(grant.failure.code, grant.failure.message, { cause });
      return modelFailure(result, cause);
  }
}

function modelFailure(result: SDKResultMessage, cause: Error): AgentError {
  const status = result.subtype === 'success' ? (result.api_error_status ?? undefined) : undefined;
  if (result.subtype === 'success' && status === undefined) {
    return new AgentError('model_unavailable', 'The model could not be reached', { cause });
  }
  if (status === undefined)
    return new AgentError('agent_crashed', 'The agent could not finish this turn', { cause });
  if (status === 429)
    return new AgentError('model_unavailable', 'The model is busy (too many requests)', { cause });
  if (status === 401 || status === 403) {
    return new AgentError('model_refused', `The model refused our credentials (HTTP ${status})`, { cause });
  }
  if (status === 408 || status >= 500) {
    return new AgentError('model_unavailable', `The model had an error (HTTP ${status})`, { cause });
  }
  return new AgentError('model_refused', `The model refused this request (HTTP ${status})`, {
    cause,
    isContentRefused: true,
  });
}
