import { groupOf, sessionKeyOf, type Turn } from '@omnicloud/protocol';
import type { StopRequests } from '@omnicloud/storage';
import { QueueUnavailableError } from '../errors.ts';
import type { Backlog } from '../queue/backlog/backlog.ts';
import type { TurnQueue } from '../queue/turn-queue.ts';
import { type IgnoreReason, parseUpdate, type Reception } from './parse-update.ts';
import type { ToldStrangers } from '../people/told-strangers.ts';

export interface Intake extends Reception {
  readonly queue: Pick<TurnQueue, 'enqueue'>;
  readonly backlog: Pick<Backlog, 'add'>;
  readonly stops: Pick<StopRequests, 'request'>;
  readonly strangers: ToldStrangers;
  /** Called with the Telegram user id of each stranger that the bot answers. */
  readonly onStranger: (userId: string, updateId: number) => void;
  /** Told of every update that becomes no turn. */
  readonly onIgnored: (
    reason: IgnoreReason | 'duplicate' | 'stranger_again',
    updateId: number | undefined,
  ) => void;
  readonly onError: (error: unknown) => void;
  /** Told of each turn that was not known before. */
  readonly onQueued?: (turn: Turn) => void;
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
  const { update_id: updateId, sender } = parsed.turn;
  const isStranger = parsed.turn.ask.kind === 'refusal' && parsed.turn.ask.reason === 'stranger';
  if (isStranger && !intake.strangers.tell(sender.id)) {
    intake.onIgnored('stranger_again', updateId);
    return 'taken';
  }
  try {
    await noteStop(parsed.turn, intake);
    // Before it is queued: a worker that takes it up at once finds it.
    await noteWaiting(parsed.turn, intake);
    const outcome = await intake.queue.enqueue(parsed.turn);
    if (outcome === 'duplicate') intake.onIgnored('duplicate', updateId);
    else {
      if (isStranger) intake.onStranger(sender.id, updateId);
      intake.onQueued?.(parsed.turn);
    }
    return 'taken';
  } catch (error) {
    // The update comes again.
    if (isStranger) intake.strangers.forget(sender.id);
    if (!(error instanceof QueueUnavailableError)) throw error;
    intake.onError(error);
    return 'later';
  }
}

/**
 * A stop takes effect now, past the queue. Its turn tells the user, and writes it down when that failed here: a message must not be
 * refused because of it.
 */
async function noteStop(turn: Turn, { stops, onError }: Intake): Promise<void> {
  if (turn.ask.kind !== 'command' || turn.ask.command !== 'stop') return;
  try {
    await stops.request(sessionKeyOf(turn), turn.update_id);
  } catch (error) {
    onError(error);
  }
}

/** Without the view, nothing is merged or marked; the message is taken all the same. */
async function noteWaiting(turn: Turn, { backlog, onError }: Intake): Promise<void> {
  if (groupOf(turn) !== sessionKeyOf(turn)) return;
  try {
    await backlog.add(turn);
  } catch (error) {
    onError(error);
  }
}
