// an outage of the model, the agent server, a store or Telegram → how long a turn waits until it is tried again, and how often
import { AgentUnreachableError, TelegramError, TurnTakenOverError } from '../errors.ts';

const FIRST_PAUSE_MS = 2_000;
const GROWTH = 3;
/** An outage that ends is noticed within this, and as many turns as there are chats ask no more often. In ms. */
export const LONGEST_PAUSE_MS = 120_000;
/**
 * How often a turn waits for the end of an outage; at the longest pause, about a day. Waits are counted and not timed, because a clock may be
 * set meanwhile.
 */
export const MAX_OUTAGE_WAITS = 730;

/** @param wait from 1. @returns how long to wait, in ms: 2 s, 6 s, 18 s, 54 s, and then 2 minutes. */
export function outagePauseMs(wait: number): number {
  return Math.min(FIRST_PAUSE_MS * GROWTH ** (wait - 1), LONGEST_PAUSE_MS);
}

/**
 * @returns whether a store of our own (the ledger, the session table, where attachments lie, the secrets) could not be used and says
 *   that it may be later. Telegram and the agent server have rules of their own.
 */
export function isStoreOutage(error: unknown): boolean {
  if (!(error instanceof Error) || !('retryable' in error) || error.retryable !== true) return false;
  return !(
    error instanceof TelegramError ||
    error instanceof AgentUnreachableError ||
    error instanceof TurnTakenOverError
  );
}
