import { z } from 'zod';

/**
 * Every failure that crosses the wire: its HTTP status when it ends a request, and whether the same
 * request may succeed later. The codes are stable; the human text beside them is not.
 */
const WIRE_ERRORS = {
  bad_request: { status: 400, retryable: false },
  unauthenticated: { status: 401, retryable: false },
  not_found: { status: 404, retryable: false },
  session_unknown: { status: 404, retryable: false },
  session_busy: { status: 409, retryable: true },
  lease_lost: { status: 409, retryable: true },
  key_reused: { status: 422, retryable: false },
  too_large: { status: 413, retryable: false },
  over_budget: { status: 429, retryable: false },
  model_refused: { status: 502, retryable: false },
  model_declined: { status: 502, retryable: false },
  model_no_access: { status: 502, retryable: false },
  model_keys: { status: 503, retryable: true },
  model_quota: { status: 429, retryable: false },
  model_throttled: { status: 503, retryable: true },
  model_unavailable: { status: 503, retryable: true },
  context_full: { status: 413, retryable: false },
  output_limit: { status: 502, retryable: false },
  conversation_too_large: { status: 507, retryable: false },
  disk_exceeded: { status: 507, retryable: false },
  disk_full: { status: 503, retryable: true },
  /** Said by what stands before the agent server, when that gives no answer. */
  agent_unavailable: { status: 503, retryable: true },
  agent_crashed: { status: 500, retryable: true },
  agent_overran: { status: 502, retryable: false },
  store_unavailable: { status: 503, retryable: true },
  internal: { status: 500, retryable: true },
} as const;

export type WireErrorCode = keyof typeof WIRE_ERRORS;

const codes = Object.keys(WIRE_ERRORS) as [WireErrorCode, ...WireErrorCode[]];

export const wireErrorSchema = z
  .object({
    code: z.enum(codes).meta({ description: 'Stable: decide on this, never on the message' }),
    message: z.string().meta({ description: 'For people; may change' }),
    retryable: z.boolean().meta({ description: 'Whether the same request may succeed later' }),
    details: z
      .object({
        holder: z.string().optional().meta({ description: 'session_busy: who has the session' }),
        until: z.iso.datetime().optional().meta({
          description:
            'session_busy: until when at least; model_quota: when it ends, as far as the provider says so',
        }),
        model: z.string().optional().meta({ description: 'model_no_access: the id of the model' }),
      })
      .optional(),
  })
  .meta({ id: 'WireError' });
export type WireError = z.infer<typeof wireErrorSchema>;

/** The body of every answer that is not 2xx. */
export const errorBodySchema = z.object({ error: wireErrorSchema }).meta({ id: 'ErrorBody' });

/** @returns the error as it crosses the wire, with the code's own `retryable`. */
export function wireError(code: WireErrorCode, message: string, details?: WireError['details']): WireError {
  return { code, message, retryable: WIRE_ERRORS[code].retryable, ...(details ? { details } : {}) };
}

/** @returns the HTTP status that answers a request which ends in this error. */
export function httpStatusOf(code: WireErrorCode): (typeof WIRE_ERRORS)[WireErrorCode]['status'] {
  return WIRE_ERRORS[code].status;
}
