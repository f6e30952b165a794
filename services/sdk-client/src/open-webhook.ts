// Telegram's update → is the webhook's secret right? → is the sender allowed? → a turn in the queue
import type { Turn } from '@omnicloud/protocol';
import type { StopRequests } from '@omnicloud/storage';
import type { ClientLog } from './client-log.ts';
import { ToldStrangers } from './people/told-strangers.ts';
import type { Backlog } from './queue/backlog/backlog.ts';
import { toleratingBacklog } from './queue/backlog/tolerating-backlog.ts';
import type { Crowd } from './queue/sqs/sqs-crowd.ts';
import type { TurnQueue } from './queue/turn-queue.ts';
import type { Intake } from './receive/accept-update.ts';
import { placeReply } from './receive/place-reply.ts';
import { createWebhook } from './receive/webhook.ts';

/** What differs between the places where updates are taken over. */
export interface IntakeParts {
  readonly stores: {
    readonly queue: Pick<TurnQueue, 'enqueue'>;
    readonly backlog: Backlog;
    readonly stops: Pick<StopRequests, 'request'>;
  };
  /** Telegram user ids that may talk to the agent; nobody else may. */
  readonly allowedUsers: ReadonlySet<string>;
  /** The bot's own username without "@"; undefined while Telegram cannot tell it. */
  readonly botUsername?: string | undefined;
  readonly log: ClientLog;
}

export interface WebhookParts extends IntakeParts {
  /** Asked for each request, so that one that was replaced counts soon. */
  readonly secret: () => string | Promise<string>;
  /** How full the queue is and how many turns run side by side; without it, those who wait are not told their place by the webhook. */
  readonly places?: { readonly crowd: () => Promise<Crowd>; readonly parallelTurns: number };
}

/** Telegram sends what was answered like this again, and in its place. */
const LATER = { status: 503, headers: { 'retry-after': '2' } };

/** @returns what an update is taken over with, however it came. To be called once in a process: a stranger is answered once. */
export function openIntake({
  stores,
  allowedUsers,
  botUsername,
  log,
}: IntakeParts): Intake & { readonly backlog: Backlog } {
  return {
    queue: stores.queue,
    stops: stores.stops,
    backlog: toleratingBacklog(stores.backlog, (error) =>
      log.error('Going on without the view of what waits', error),
    ),
    allowedUsers,
    ...(botUsername === undefined ? {} : { botUsername }),
    strangers: new ToldStrangers(),
    onStranger: (userId, updateId) => log.info(`A stranger wrote: Telegram user ${userId}`, updateId),
    onIgnored: (reason, updateId) => log.info(`The update becomes no turn: ${reason}`, updateId),
    onError: (error) => log.error('Receiving an update', error),
  };
}

/**
 * The webhook as a value: `POST /webhook`. Every host uses this composition: Lambda, `npm start` and the tests.
 * @returns what answers a request; it never rejects.
 */
export function openWebhook(parts: WebhookParts): { fetch: (request: Request) => Promise<Response> } {
  const { log, places } = parts;
  const intake = openIntake(parts);
  const { backlog, onError } = intake;
  const replies =
    places === undefined
      ? {}
      : { replyTo: (turn: Turn) => placeReply(turn, { ...places, backlog, onError }) };
  return {
    fetch: async (request) => {
      let secret: string;
      try {
        secret = await parts.secret();
      } catch (error) {
        log.error('Reading the webhook secret', error);
        return new Response(null, LATER);
      }
      return createWebhook({ ...intake, ...replies, secret }).fetch(request);
    },
  };
}
