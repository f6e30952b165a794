import { QueueUnavailableError } from '../errors.ts';
import type { TurnQueue } from '../queue/turn-queue.ts';
import { type IgnoreReason, parseUpdate, type Reception } from './parse-update.ts';

export interface Intake extends Reception {
  readonly queue: TurnQueue;
  /** Told of every update that becomes no turn. */
  readonly onIgnored: (reason: IgnoreReason | 'duplicate', updateId: number | undefined) => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Takes one update over from Telegram.
 * @returns `later` when it must be sent again: the turn could not be stored. Otherwise it is ours, or deliberately nobody's.
 */
export async function acceptUpdate(update: unknown, intake: Intake): Promise<'taken' | 'later'> {
  const parsed = parseUpdate(update, intake);
  if (parsed.kind === 'ignored') {
    intake.onIgnored(parsed.reason, parsed.updateId);
    return 'taken';
  }
  try {
    const outcome = await intake.queue.enqueue(parsed.turn);
    if (outcome === 'duplicate') intake.onIgnored('duplicate', parsed.turn.update_id);
    return 'taken';
  } catch (error) {
    if (!(error instanceof QueueUnavailableError)) throw error;
    intake.onError(error);
    return 'later';
  }
}
