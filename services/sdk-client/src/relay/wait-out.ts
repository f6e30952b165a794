// the model or a store is away → the turn waits, its user is told once → the same turn goes on when it comes again
import type { Turn, WireError, WireErrorCode } from '@omnicloud/protocol';
import { MAX_OUTAGE_WAITS, outagePauseMs } from '../queue/outage.ts';
import type { Outcome } from '../queue/turn-queue.ts';
import { failureReason } from '../reply/failure-reasons.ts';
import { renderMarkdown } from '../reply/render-markdown.ts';
import { TEXTS } from '../reply/texts.ts';
import { forOwner, type OwnerDeps } from './owner-notices.ts';
import { jittered } from './put-off.ts';
import type { Telling } from './telling.ts';

/** What passes by itself, or when the owner has done something; the turn waits for it and uses up no try. */
const OUTAGES: readonly WireErrorCode[] = [
  'model_unavailable',
  'model_throttled',
  'model_keys',
  'store_unavailable',
  'disk_full',
];
/** These may be over in a moment, so the user hears of them with the second wait. */
const BRIEF: readonly WireErrorCode[] = ['model_unavailable', 'store_unavailable', 'disk_full'];

export interface OutageDeps extends OwnerDeps {
  /** How long the turn waits for the first, second … time, in ms; 2 s, growing to 2 minutes unless given. */
  readonly outagePauseMs?: (wait: number) => number;
}

export interface Outage {
  readonly code: WireErrorCode;
  readonly details?: WireError['details'];
}

export function isOutage(code: WireErrorCode): boolean {
  return OUTAGES.includes(code);
}

/**
 * Puts the turn off until the outage may have ended. The wait is in the turn's record and in the queue: no worker is held, and it goes on
 * after a restart.
 * @returns a try that failed, when the turn has waited for about a day: then it is given up like any other.
 */
export async function waitOut(
  { code, details }: Outage,
  turn: Turn,
  telling: Telling,
  deps: OutageDeps,
): Promise<Outcome> {
  const { progress } = telling;
  const wait = progress.outage.waits + 1;
  if (wait > MAX_OUTAGE_WAITS) return { kind: 'retry' };
  const isToBeTold = !progress.outage.isTold && (wait > 1 || !BRIEF.includes(code));
  await progress.saveOutage({
    code,
    waits: wait,
    isTold: progress.outage.isTold || isToBeTold,
    isWaiting: true,
  });
  if (isToBeTold) await tell({ code, details }, turn, telling, deps);
  return { kind: 'later', afterMs: jittered((deps.outagePauseMs ?? outagePauseMs)(wait)) };
}

/** A wait that the user was not told of is still a wait. */
async function tell(
  { code, details }: Outage,
  turn: Turn,
  { chat, language, onError }: Telling,
  deps: OutageDeps,
): Promise<void> {
  const text = TEXTS[language].putOff(failureReason(code, language, details?.until));
  const advice = await forOwner({ code, details }, turn, language, { ...deps, onError });
  try {
    await chat.send(renderMarkdown([text, advice].join('\n\n').trim()), { isReply: true });
  } catch (error) {
    onError(error);
  }
}
