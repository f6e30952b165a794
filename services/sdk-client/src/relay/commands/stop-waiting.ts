// /stop → the turn of the conversation that waits for the end of an outage → stopped at once, and not only when it comes again
import { groupOf, sessionKeyOf, type Turn } from '@omnicloud/protocol';
import type { TurnQueue } from '../../queue/turn-queue.ts';
import { stoppedText } from '../answer-by-agent.ts';
import { say } from '../deliver-answer.ts';
import { openReply, type ReplyDeps } from '../open-reply.ts';
import type { TurnLedger } from '../../turn/turn-ledger.ts';
import { TurnProgress } from '../../turn/turn-progress.ts';

/** Only the first turn of a conversation can wait; a few before it may be done and still in view. */
const MOST_LOOKED_AT = 5;

export interface StopWaitingDeps extends ReplyDeps {
  readonly queue: ReplyDeps['queue'] & Pick<TurnQueue, 'hurry'>;
  readonly ledger: TurnLedger;
}

/**
 * Takes over the turn that waits and ends it; the queue drops it when it comes again, which it does at once. Never throws: what
 * could not be ended here ends when its wait is over.
 * @returns whether one was ended.
 */
export async function stopWaiting(stop: Turn, deps: StopWaitingDeps): Promise<boolean> {
  const key = sessionKeyOf(stop);
  let isEnded = false;
  let receipt: string | undefined;
  try {
    const waiting = (await deps.backlog.list(key))
      .slice(0, MOST_LOOKED_AT)
      .map(({ turn }) => turn)
      .filter((turn) => turn.update_id < stop.update_id && groupOf(turn) === key);
    for (const turn of waiting) {
      const record = await deps.ledger.find(turn.update_id);
      if (record === undefined || record.state === 'delivered' || record.outage?.isWaiting !== true) continue;
      const progress = await TurnProgress.resume(deps.ledger, turn.update_id);
      // Its own delivery may have ended it meanwhile.
      if (progress.isOver) continue;
      const replyTo = progress.merged?.at(-1)?.messageId ?? turn.message_id;
      const context = openReply(turn, progress, replyTo, deps);
      await say(context, stoppedText(progress, context.language));
      isEnded = true;
      receipt = record.outage.receipt;
      break;
    }
    await deps.queue.hurry?.(key, receipt);
  } catch (error) {
    deps.onError(error, stop);
  }
  return isEnded;
}
