// turn → ledger → answered already? | refusal | command | agent server (events) → live reply → done, or again later
import {
  groupOf,
  MAX_ATTACHMENT_BYTES,
  MAX_USER_MESSAGE_LENGTH,
  type Refusal,
  type RunEvent,
  sessionKey,
  sessionKeyOf,
  type Turn,
} from '@omnicloud/protocol';
import { persistent, type SessionTable, type StopRequests } from '@omnicloud/storage';
import type { TelegramApi } from '../telegram/telegram-types.ts';
import type { Backlog } from '../queue/backlog/backlog.ts';
import type { Outcome, TurnHandler, TurnQueue } from '../queue/turn-queue.ts';
import type { EditPace } from '../reply/live-reply.ts';
import type { TelegramFiles } from '../telegram/telegram-files.ts';
import { type Language, TEXTS } from '../reply/texts.ts';
import type { AgentServer } from './agent/agent-client.ts';
import { answerByAgent } from './answer-by-agent.ts';
import type { AttachmentStore } from './files/attachment-store.ts';
import { deliverKept } from './kept/deliver-kept.ts';
import { deliverKnown } from './saved-answer.ts';
import { answeredMessage, giveUp, sayUnnoted } from './give-up.ts';
import { waitOn } from './kept/keep-answer.ts';
import { isAnsweredByAnother } from '../turn/merge-turns.ts';
import { type Meter, SILENT_METER } from './meter.ts';
import type { OwnerNotices } from './owner-notices.ts';
import { obeyCommand } from './commands/obey-command.ts';
import { DONE } from '../turn/put-off.ts';
import { takeOwnMarksOff } from './show-waiting.ts';
import { say } from './deliver-answer.ts';
import { openReply } from './open-reply.ts';
import type { ReplyContext } from './reply-context.ts';
import { type TurnSummary, TurnWatch } from './summarise-turn.ts';
import type { TurnLedger } from '../turn/turn-ledger.ts';
import { TurnProgress } from '../turn/turn-progress.ts';
import { orWait } from './wait-out.ts';

export interface TurnHandlerDeps {
  readonly api: TelegramApi;
  readonly queue: Pick<TurnQueue, 'enqueue' | 'waiting' | 'hurry'>;
  readonly backlog: Backlog;
  readonly table: SessionTable;
  readonly ledger: TurnLedger;
  readonly stops: StopRequests;
  readonly agent: AgentServer;
  readonly telegramFiles: TelegramFiles;
  readonly attachments: AttachmentStore;
  /** How long the first message of an album waits for the others, in ms; 1.5 s unless given. */
  readonly albumWaitMs?: number;
  /** Waits between the tries to have a user's file, in ms; 1 s and 3 s unless given. */
  readonly fetchRetryDelaysMs?: readonly number[];
  /** The Telegram user id that `/debug` is for, and who learns that an answer could not be delivered; without one, nobody. */
  readonly ownerId?: string;
  /** Whom to tell what only the owner can put right; nobody unless given. One for all handlers of a process. */
  readonly ownerNotices?: OwnerNotices;
  readonly pace: Record<'private' | 'group', EditPace>;
  /** How often an agent that reached its time limit may go on with one turn; 4 unless given. */
  readonly maxContinuations?: number;
  /** How long this worker can still listen to an agent, in ms; for ever unless given. */
  readonly timeLimitMs?: () => number;
  /** How long a turn that is given up waits for an answer that the agent server may have saved, in ms; 10 s unless given. */
  readonly savedAnswerLimitMs?: number;
  /** How long a turn waits for the end of an outage for the first, second … time, in ms; 2 s, growing to 2 minutes unless given. */
  readonly outagePauseMs?: (wait: number) => number;
  readonly meter?: Meter;
  /** Told what became of each turn, once it is over or paused. */
  readonly onSummary?: (summary: TurnSummary, turn: Turn) => void;
  /** Told of everything that went wrong, also of what is tried again. */
  readonly onError: (error: unknown, turn: Turn) => void;
}

/** @returns what a worker does with each turn of the queue. */
export function createTurnHandler(opened: TurnHandlerDeps): TurnHandler {
  const given = withPersistence(opened);
  const meter = given.meter ?? SILENT_METER;
  const resume = (turn: Turn): Promise<TurnProgress> =>
    TurnProgress.resume(given.ledger, turn.update_id, () => meter.add('UndecidableSends', 1));
  const deps = { ...given, meter, resume };
  const leaveBacklog = async (turn: Turn, progress: TurnProgress): Promise<void> => {
    const merged = progress.merged?.map(({ updateId }) => updateId) ?? [];
    try {
      await deps.backlog.remove(groupOf(turn), [turn.update_id, ...merged]);
    } catch (error) {
      // It is a view: what stays in it is forgotten in time.
      deps.onError(error, turn);
    }
  };
  const summarise = (turn: Turn, summary: TurnSummary | undefined): void => {
    if (summary !== undefined) given.onSummary?.(summary, turn);
  };
  return {
    async handle(turn, attempt, receipt) {
      const progress = await resume(turn);
      const isOver = progress.isOver;
      if (progress.isFirst && groupOf(turn) === sessionKeyOf(turn))
        // The clock of whoever received the update may be ahead of ours.
        meter.add('QueueMs', Math.max(0, Date.now() - Date.parse(turn.received_at)));
      const watch = new TurnWatch(turn, progress.answer !== undefined);
      const onEvent = (event: RunEvent): void => watch.see(event);
      const ofDelivery = { ...deps, onEvent, receipt };
      const handling = handle(turn, { progress, attempt }, ofDelivery);
      const contextNow = (): ReplyContext =>
        openReply(turn, progress, answeredMessage(turn, progress), ofDelivery);
      const outcome = await orWait(handling, contextNow, ofDelivery);
      if (!isOver) summarise(turn, watch.summary(outcome.kind));
      if (outcome.kind === 'done') await leaveBacklog(turn, progress);
      return outcome;
    },
    deferrals: (turn, delivery) => deferralsOf(deps.ledger, turn, delivery),
    sayUnnoted: (turn, what) => sayUnnoted(turn, what, deps),
    async giveUp(turn) {
      const progress = await resume(turn);
      const isOver = progress.isOver;
      const watch = new TurnWatch(turn, progress.answer !== undefined);
      const outcome = await giveUp(turn, progress, { ...deps, onEvent: (event) => watch.see(event) });
      if (outcome === undefined) deps.meter.add('TurnsGivenUp', 1);
      // A look for a saved answer that found none is no run: the line about the turn says nothing of it.
      const summary =
        outcome === undefined ? new TurnWatch(turn, false).summary('given_up') : watch.summary(outcome.kind);
      if (!isOver) summarise(turn, summary);
      if (outcome === undefined || outcome.kind === 'done') await leaveBacklog(turn, progress);
      return outcome;
    },
  };
}

/** As `TurnHandler.deferrals`. */
export async function deferralsOf(
  ledger: Pick<TurnLedger, 'find'>,
  { update_id: updateId }: Turn,
  delivery: number,
): Promise<number> {
  const { begun = 0, deferrals = 0 } = (await ledger.find(updateId)) ?? {};
  // What has not begun was no try: nothing could be written down.
  return delivery - 1 - Math.max(0, begun - deferrals);
}

/** One call that failed must not cost a try of the turn; what saves a step of it is tried again where it is called. */
function withPersistence(given: TurnHandlerDeps): TurnHandlerDeps {
  return {
    ...given,
    table: persistent(given.table, ['find', 'inherit', 'forget']),
    ledger: persistent(given.ledger, ['find']),
    stops: persistent(given.stops, ['request', 'isStopped']),
    queue: persistent(given.queue, ['enqueue']),
    attachments: persistent(given.attachments, ['put']),
  };
}

type Deps = TurnHandlerDeps & {
  readonly receipt?: string | undefined;
  readonly onEvent?: (event: RunEvent) => void;
  readonly meter: Meter;
  readonly resume: (turn: Turn) => Promise<TurnProgress>;
};

interface Delivery {
  readonly progress: TurnProgress;
  /** 1 for the first try. */
  readonly attempt: number;
}

async function handle(turn: Turn, delivery: Delivery, deps: Deps): Promise<Outcome> {
  const { progress } = delivery;
  if (progress.isOver || (await isAnsweredByAnother(turn, progress, deps.ledger))) return DONE;
  const { answer } = progress;
  const context = openReply(turn, progress, answeredMessage(turn, progress), deps);
  const { ask } = turn;
  // It was refused a moment ago.
  if (ask.kind === 'kept_answer' && progress.pauses === 0) return waitOn(context, deps);
  if (answer !== undefined) return deliverKnown(context, answer, deps);
  if (groupOf(turn) === sessionKeyOf(turn)) await deliverKept(turn, deps);
  switch (ask.kind) {
    case 'refusal':
      return say(context, refusalText(turn, ask.reason, context.language));
    case 'message':
      return answerByAgent(turn, ask.text, delivery, deps);
    case 'kept_answer':
      deps.onError(new Error(`The ledger has forgotten the answer to update ${ask.of}`), turn);
      return DONE;
    case 'migration':
      await deps.table.inherit(sessionKey(ask.to_chat_id), sessionKey(ask.from_chat_id));
      await progress.saveDelivered();
      return DONE;
    case 'command':
      if (ask.command !== 'new') return obeyCommand(turn, ask, context, deps);
      await leaveSession(turn, progress, deps.table);
      if (ask.text !== undefined) return answerByAgent(turn, ask.text, delivery, deps);
      // The other commands wait for nothing.
      await takeOwnMarksOff(turn, context, deps);
      return obeyCommand(turn, ask, context, deps);
  }
}

/**
 * Which session is left is decided once for all deliveries, and only that one is forgotten: a redelivery, or a worker that thaws here, must
 * not forget the conversation that another delivery has begun.
 */
async function leaveSession(turn: Turn, progress: TurnProgress, table: SessionTable): Promise<void> {
  const key = sessionKeyOf(turn);
  if (progress.leaves === undefined) await progress.saveLeaving((await table.find(key))?.sessionId ?? '');
  if (progress.leaves) await table.forget(key, progress.leaves);
}

function refusalText(turn: Turn, reason: Refusal, language: Language): string {
  const texts = TEXTS[language];
  switch (reason) {
    case 'stranger':
      return texts.stranger(turn.sender.id);
    case 'too_long':
      return texts.tooLong(MAX_USER_MESSAGE_LENGTH);
    case 'not_text':
      return texts.notText;
    case 'file_too_large':
      return texts.fileTooLarge(MAX_ATTACHMENT_BYTES / 1_000_000);
  }
}
