// message → one run of the agent → answered | its time is up, another delivery goes on | failed
import type { Turn } from '@omnicloud/protocol';
import { lossNotes } from '../reply/annotate-answer.ts';
import type { LiveReply } from '../reply/live-reply.ts';
import { relayAnswer, type RelayDeps, type Relayed, type Request } from './relay-answer.ts';
import type { TurnProgress } from '../turn/turn-progress.ts';

/** How often a run that reached its time limit goes on, unless told otherwise: with 15 minutes each, over an hour of work. */
const MAX_CONTINUATIONS = 4;
/** What the model reads after a pause; the CLI has noted in the transcript that it was interrupted. */
const GO_ON: Request['message'] = {
  text: '<system-reminder>\nYour last run reached its time limit and was interrupted. The user has seen what you wrote so far. Continue exactly where you left off; do not repeat anything and do not mention the interruption.\n</system-reminder>',
  attachments: [],
  missing: [],
};

/**
 * Lets the agent run once. After a pause the turn's next delivery, ahead of what is queued behind it, goes on; the user sees one
 * answer growing, and no worker is held for longer than one run.
 * @returns with the whole answer so far.
 */
export async function relayRun(
  turn: Turn,
  message: Request['message'],
  { reply, progress }: { readonly reply: LiveReply; readonly progress: TurnProgress },
  deps: RelayDeps & { readonly maxContinuations?: number },
): Promise<Relayed> {
  const { text: soFar, runs } = progress.paused;
  const key = `update-${turn.update_id}`;
  const request =
    runs === 0
      ? { message, ifNew: message, idempotencyKey: key, soFar }
      : { message: GO_ON, ifNew: message, idempotencyKey: `${key}.${runs}`, soFar };
  const context = {
    onSessionLost: () => progress.saveSessionLost(),
    onRepaired: (lostTurns: number) => progress.saveLostTurns(lostTurns),
  };
  const relayed = withLosses(await relayAnswer(turn, request, reply, { ...deps, ...context }), progress);
  if (relayed.kind !== 'paused' || runs < (deps.maxContinuations ?? MAX_CONTINUATIONS)) return relayed;
  return { ...relayed, kind: 'answered', notes: [...relayed.notes, { kind: 'endless' }] };
}

/** An earlier try may have found the loss, and failed before its user could be told. */
function withLosses(relayed: Relayed, progress: TurnProgress): Relayed {
  if (relayed.kind === 'failed') return relayed;
  return { ...relayed, notes: [...lossNotes(progress), ...relayed.notes] };
}
