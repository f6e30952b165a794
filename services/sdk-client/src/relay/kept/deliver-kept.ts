// a message arrives in a chat that refused answers → they are delivered first, oldest first, as far as the chat takes them now
import { keptGroupOf, type Turn } from '@omnicloud/protocol';
import { TurnTakenOverError } from '../../errors.ts';
import type { Backlog } from '../../queue/backlog/backlog.ts';
import { tryToDeliver } from '../deliver-answer.ts';
import { openReply, type ReplyDeps } from '../open-reply.ts';
import type { TurnProgress } from '../../turn/turn-progress.ts';

export interface KeptDeps extends ReplyDeps {
  readonly backlog: Pick<Backlog, 'add' | 'list' | 'remove'>;
  readonly resume: (turn: Turn) => Promise<TurnProgress>;
}

/** Never rejects: the queue tries them again in any case. */
export async function deliverKept(before: Turn, deps: KeptDeps): Promise<void> {
  try {
    const group = keptGroupOf(before);
    for (const { turn } of await deps.backlog.list(group)) {
      const progress = await deps.resume(turn);
      const { answer, isOver } = progress;
      if (!isOver && answer !== undefined) {
        const context = openReply(turn, progress, turn.message_id, deps);
        if ((await tryToDeliver(context, answer)).kind !== 'done') return;
      }
      await deps.backlog.remove(group, [turn.update_id]);
    }
  } catch (error) {
    // The queue is delivering it at this moment.
    if (!(error instanceof TurnTakenOverError)) deps.onError(error, before);
  }
}
