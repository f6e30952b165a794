import fc from 'fast-check';
import type { RunEvent } from './run-event.ts';
import type { WireErrorCode } from './wire-error.ts';

const SESSION = '0190c8a4-0000-4000-8000-000000000001';

const anyText = fc.string({ unit: 'grapheme' });
const anyErrorCode = fc.constantFrom<WireErrorCode>('internal', 'model_refused', 'store_unavailable');
const anyTokens = fc.nat();
const anyMs = fc.nat();

/** An event that does not end its stream. */
export const anyProgressEvent: fc.Arbitrary<RunEvent> = fc.oneof(
  fc.record(
    {
      type: fc.constant('accepted' as const),
      session_id: fc.constant(SESSION),
      is_new: fc.boolean(),
      repaired: fc.nat(),
    },
    { requiredKeys: ['type', 'session_id', 'is_new'] },
  ),
  fc.constant({ type: 'heartbeat' as const }),
  fc.record({ type: fc.constant('text' as const), offset: fc.nat(), delta: anyText }),
  fc.record({
    type: fc.constant('tool' as const),
    tool_use_id: anyText,
    name: anyText,
    phase: fc.constantFrom('started', 'succeeded', 'failed'),
    line: anyText,
  }),
  fc.record({
    type: fc.constant('todo' as const),
    items: fc.array(
      fc.record({ text: anyText, status: fc.constantFrom('pending', 'in_progress', 'completed') }),
      { maxLength: 3 },
    ),
  }),
  fc.record({ type: fc.constant('answer' as const), text: anyText }),
  fc.record({
    type: fc.constant('file' as const),
    file_id: fc.uuid(),
    name: fc.string({ minLength: 1, maxLength: 255 }),
    size: fc.integer({ min: 1 }),
  }),
);

/** An event that ends its stream. */
export const anyTerminalEvent: fc.Arbitrary<RunEvent> = fc.oneof(
  fc.record({
    type: fc.constant('finished' as const),
    session_id: fc.constant(SESSION),
    usage: fc.record({
      input_tokens: anyTokens,
      output_tokens: anyTokens,
      cache_read_input_tokens: anyTokens,
      cache_creation_input_tokens: anyTokens,
    }),
    // JSON has no -0.
    is_stopped: fc.boolean(),
    cost_usd: fc.double({ min: Number.MIN_VALUE, max: 1_000, noNaN: true }),
    turns: fc.nat(),
    duration_ms: fc.record({ restore: anyMs, run: anyMs, persist: anyMs, total: anyMs }),
  }),
  fc.record({
    type: fc.constant('failed' as const),
    error: fc.record({ code: anyErrorCode, message: anyText, retryable: fc.boolean() }),
  }),
);
