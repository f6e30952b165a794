// the model, the agent server, a store or Telegram is away → the turn waits, its user is told once → it goes on when the outage is over
import type { WireError, WireErrorCode } from '@omnicloud/protocol';
import { AgentUnreachableError, OutageError, TelegramError } from '../errors.ts';
import { isStoreOutage, MAX_OUTAGE_WAITS, outagePauseMs } from '../queue/outage.ts';
import type { Outcome } from '../queue/turn-queue.ts';
import { failureReason } from '../reply/failure-reasons.ts';
import { renderMarkdown } from '../markdown/render-markdown.ts';
import { type Language, TEXTS } from '../reply/texts.ts';
import { forOwner, type OwnerDeps } from './owner-notices.ts';
import { jittered } from '../turn/put-off.ts';
import type { ReplyContext } from './reply-context.ts';
import type { OutageCode, Waits } from '../turn/turn-record.ts';

/** What passes by itself, or when the owner has done something; the turn waits for it and uses up no try. */
const OUTAGES: readonly WireErrorCode[] = [
  'agent_unavailable',
  'model_unavailable',
  'model_throttled',
  'model_keys',
  'store_unavailable',
  'disk_full',
];
/** These may be over in a moment, so the user hears of them with the second wait. */
const BRIEF: readonly OutageCode[] = [
  'agent_unavailable',
  'model_unavailable',
  'store_unavailable',
  'disk_full',
];

/** So many waits in a row for the same are at least a quarter of an hour: then the owner should know. */
const LONG_OUTAGE_WAITS = 11;
/**
 * Each try asks a model that throttles several times more, so the waits for one that has throttled for long grow up to this. In ms.
 */
const LONGEST_THROTTLED_PAUSE_MS = 15 * 60_000;
/** The waits may be longer than what `MAX_OUTAGE_WAITS` reckons with. In ms. */
const MAX_WAITED_MS = 24 * 60 * 60_000;

export interface OutageDeps extends OwnerDeps {
  /** How long the turn waits for the first, second … time, in ms; 2 s, growing to 2 minutes unless given. */
  readonly outagePauseMs?: (wait: number) => number;
  /** By what the queue can be told to give this delivery's turn out at once, if it needs anything. */
  readonly receipt?: string | undefined;
}

export interface Outage {
  readonly code: OutageCode;
  readonly details?: WireError['details'];
}

export function isOutage(code: WireErrorCode): boolean {
  return OUTAGES.includes(code);
}

/** @returns the outage because of which the error was thrown; undefined when it is about this turn alone. */
function outageOf(error: unknown): Outage | undefined {
  if (error instanceof OutageError) return error.outage;
  if (error instanceof AgentUnreachableError) return error.isAway ? { code: 'agent_unavailable' } : undefined;
  if (error instanceof TelegramError)
    return error.mayHaveLanded ? { code: 'telegram_unavailable' } : undefined;
  return isStoreOutage(error) ? { code: 'store_unavailable' } : undefined;
}

/** @returns whether a turn has waited for about a day. Waits are added up and not timed, because a clock may be set meanwhile. */
export function hasWaitedInVain({ waits, waitedMs = 0 }: Pick<Waits, 'waits' | 'waitedMs'>): boolean {
  return waits >= MAX_OUTAGE_WAITS || waitedMs >= MAX_WAITED_MS;
}

/**
 * Puts the turn off until the outage may have ended. The wait is in the turn's record and in the queue: no worker is held, and it goes on
 * after a restart.
 * @returns a try that failed, when the turn has waited for about a day: then it is given up like any other.
 */
export async function waitOut(outage: Outage, context: ReplyContext, deps: OutageDeps): Promise<Outcome> {
  const { outage: before } = context.progress;
  if (hasWaitedInVain(before)) return { kind: 'retry' };
  const { code } = outage;
  const wait = before.waits + 1;
  const inRow = (before.code === code ? (before.inRow ?? 0) : 0) + 1;
  const afterMs = jittered(pauseMs(code, { wait, inRow }, deps));
  // Of Telegram's own outage nobody can be told.
  const isToBeTold = !before.isTold && code !== 'telegram_unavailable' && (wait > 1 || !BRIEF.includes(code));
  const isLong = !before.isLongTold && code !== 'telegram_unavailable' && inRow >= LONG_OUTAGE_WAITS;
  await context.progress.saveOutage({
    code,
    waits: wait,
    inRow,
    waitedMs: (before.waitedMs ?? 0) + afterMs,
    isTold: before.isTold || isToBeTold,
    isLongTold: (before.isLongTold ?? false) || isLong,
    isWaiting: true,
    ...(deps.receipt === undefined ? {} : { receipt: deps.receipt }),
  });
  if (isToBeTold || isLong) await tell(outage, { isToBeTold, isLong }, context, deps);
  return { kind: 'later', afterMs };
}

/**
 * When something that every turn needs is away, the turn waits for it. That does not count as a try.
 * @param contextNow asked only then: meanwhile more may be known of the turn.
 */
export async function orWait(
  handling: Promise<Outcome>,
  contextNow: () => ReplyContext,
  deps: OutageDeps,
): Promise<Outcome> {
  try {
    return await handling;
  } catch (error) {
    const outage = outageOf(error);
    if (outage === undefined) throw error;
    const context = contextNow();
    context.onError(error);
    return waitOut(outage, context, deps);
  }
}

function pauseMs(
  code: OutageCode,
  { wait, inRow }: { wait: number; inRow: number },
  deps: OutageDeps,
): number {
  const usualMs = (deps.outagePauseMs ?? outagePauseMs)(wait);
  if (code !== 'model_throttled' || inRow < LONG_OUTAGE_WAITS) return usualMs;
  return Math.min(usualMs * 2 ** (inRow - LONG_OUTAGE_WAITS + 1), LONGEST_THROTTLED_PAUSE_MS);
}

/** A wait that the user was not told of is still a wait. */
async function tell(
  outage: Outage,
  news: { readonly isToBeTold: boolean; readonly isLong: boolean },
  { turn, chat, language, onError }: ReplyContext,
  deps: OutageDeps,
): Promise<void> {
  const { code, details } = outage;
  const text = newsText(outage, news.isToBeTold, language);
  const failure = { code, details, isLong: news.isLong };
  const advice = await forOwner(failure, turn, language, { ...deps, onError });
  const both = [text, advice].join('\n\n').trim();
  if (both === '') return;
  try {
    await chat.send(renderMarkdown(both), { isReply: true });
  } catch (error) {
    onError(error);
  }
}

/** @returns nothing for an outage that lasts: its user knows of it. Only of a throttling they did not know that it may take a day. */
function newsText({ code, details }: Outage, isToBeTold: boolean, language: Language): string {
  const texts = TEXTS[language];
  if (isToBeTold) return texts.putOff(failureReason(code, language, details?.until));
  return code === 'model_throttled' ? texts.stillThrottled : '';
}
