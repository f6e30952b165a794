import type { CallPayload } from './call-payload.ts';

export interface MethodResult {
  result: unknown;
  /** Some methods say in words what they did. */
  description?: string;
}

/**
 * One method of the Bot API.
 * @param signal aborted when nobody waits for the answer any more.
 * @throws BotApiError for what the Bot API refuses.
 */
type BotMethod = (payload: CallPayload, signal: AbortSignal) => MethodResult | Promise<MethodResult>;

export type BotMethods = Readonly<Record<string, BotMethod>>;
