// stores, Telegram, the agent server → what a worker does with the turns of the queue
import type { Turn } from '@omnicloud/protocol';
import { toleratingStops } from '@omnicloud/storage';
import type { ClientLog } from './client-log.ts';
import { toleratingBacklog } from './queue/backlog/tolerating-backlog.ts';
import { isStoreOutage } from './queue/outage.ts';
import type { TurnHandler } from './queue/turn-queue.ts';
import { createTurnHandler, deferralsOf, type TurnHandlerDeps } from './relay/handle-turn.ts';
import type { Meter } from './relay/meter.ts';
import { OwnerNotices } from './relay/owner-notices.ts';
import { TELEGRAM_PACE } from './reply/live-reply.ts';
import { TurnProgress } from './turn/turn-progress.ts';

/** What outlives a worker. */
export type WorkerStores = Pick<
  TurnHandlerDeps,
  'queue' | 'backlog' | 'table' | 'ledger' | 'stops' | 'attachments'
>;

/** The two servers that a worker talks to. */
export type WorkerConnections = Pick<TurnHandlerDeps, 'api' | 'telegramFiles' | 'agent'>;

/** What differs between the places where a worker runs. */
export interface WorkerParts {
  readonly stores: WorkerStores;
  /** Asked for each delivery: a secret that cannot be read now is a failed try, and the queue knows what to do. */
  readonly connect: () => WorkerConnections | Promise<WorkerConnections>;
  readonly log: ClientLog;
  readonly meter?: Meter;
  /** The Telegram user id that `/debug` is for, and who learns what only the owner can put right; without one, nobody. */
  readonly ownerId?: string;
  /** How often an agent that reached its time limit may go on with one turn; 4 unless given. */
  readonly maxContinuations?: number | undefined;
  /** How often a growing answer is shown; as Telegram allows unless given. */
  readonly pace?: TurnHandlerDeps['pace'];
  /** What a test does instead of production's times. */
  readonly forTests?: Pick<TurnHandlerDeps, 'outagePauseMs' | 'albumWaitMs' | 'fetchRetryDelaysMs'>;
}

/**
 * The worker as a value. Every host uses this composition: Lambda, `npm start` and the tests. To be called once in a process: the owner is told once
 * of what is wrong, whatever number of turns meets it.
 * @returns what handles turns; it is given how long this process can still listen to an agent, in ms, where that has an end.
 */
export function openWorker(parts: WorkerParts): (timeLimitMs?: () => number) => TurnHandler {
  const { log, ownerId, maxContinuations, meter } = parts;
  const stores: WorkerStores = {
    ...parts.stores,
    backlog: toleratingBacklog(parts.stores.backlog, (error) =>
      log.error('Going on without the view of what waits: nothing is merged or marked', error),
    ),
    stops: toleratingStops(parts.stores.stops, (error) =>
      log.error('Going on although it cannot be seen what was stopped', error),
    ),
  };
  const ownerNotices = ownerId === undefined ? undefined : new OwnerNotices({ ownerId });
  return (timeLimitMs) => {
    const open = async (): Promise<TurnHandler> =>
      createTurnHandler({
        ...stores,
        ...(await parts.connect()),
        ...(ownerId === undefined ? {} : { ownerId }),
        ...(ownerNotices === undefined ? {} : { ownerNotices }),
        ...(maxContinuations === undefined ? {} : { maxContinuations }),
        ...(timeLimitMs === undefined ? {} : { timeLimitMs }),
        ...(meter === undefined ? {} : { meter }),
        pace: parts.pace ?? TELEGRAM_PACE,
        ...parts.forTests,
        onSummary: (summary, turn) => log.turnOver(summary, turn.update_id),
        onError: (error, turn) => log.error('Answering a turn', error, turn.update_id),
      });
    /** What cannot be opened costs a try, unless it may be had later. */
    const opened = async (turn: Turn): Promise<TurnHandler> => {
      try {
        return await open();
      } catch (error) {
        if (!isStoreOutage(error)) await TurnProgress.resume(stores.ledger, turn.update_id);
        throw error;
      }
    };
    return {
      handle: async (turn, attempt, receipt) => (await opened(turn)).handle(turn, attempt, receipt),
      deferrals: (turn, delivery) => deferralsOf(stores.ledger, turn, delivery),
      sayUnnoted: async (turn, what) => (await opened(turn)).sayUnnoted?.(turn, what),
      giveUp: async (turn) => (await opened(turn)).giveUp(turn),
    };
  };
}
