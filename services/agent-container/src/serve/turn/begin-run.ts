// a turn whose session is laid out → its attachments in the workspace → what the runtime is told
import { AgentError } from '../../errors.ts';
import type { AgentRun } from '../../run/agent-runtime.ts';
import type { Outbox } from '../../session/files/outbox.ts';
import { placeAttachments, type PlacedFile } from '../../session/files/place-attachments.ts';
import type { SessionHome } from '../../session/home/session-home.ts';
import { promptOf } from './prompt.ts';
import { runLimitMs } from './run-limit.ts';
import type { TurnDeps, TurnToRun } from './turn-to-run.ts';

/**
 * Puts what the user attached into the workspace.
 * @throws AgentError `bad_request` when it is not there, `store_unavailable`.
 */
export async function placedFor(
  { conversation, attachments = [] }: TurnToRun,
  home: SessionHome,
  { store }: TurnDeps,
): Promise<PlacedFile[]> {
  if (attachments.length === 0) return [];
  if (conversation === undefined)
    throw new AgentError('bad_request', 'metadata.session_key: is required with attachments');
  return placeAttachments(home, store, { sessionKey: conversation, attachments });
}

interface Surroundings {
  readonly home: SessionHome;
  readonly outbox: Outbox;
  readonly attached: readonly PlacedFile[];
  /** What the model reads instead of the question. */
  readonly prompt?: string | undefined;
  /** Aborts with the AgentError that the run ends with. */
  readonly ended: AbortSignal;
}

/** @returns what the runtime is told of the turn. */
export function runOf(
  turn: TurnToRun,
  { home, outbox, attached, prompt, ended }: Surroundings,
  { turnLimitMs, alarm = (ms) => AbortSignal.timeout(ms) }: TurnDeps,
): AgentRun {
  const { stopped } = turn.held;
  const { arrivedAtMs, timeLimitMs, deadlineAtMs } = turn;
  const limitMs = runLimitMs({ arrivedAtMs, limitsMs: [turnLimitMs, timeLimitMs], deadlineAtMs });
  return {
    home,
    isResumed: turn.stored.conversation !== undefined,
    prompt:
      prompt ?? promptOf(turn.userMessage, turn.metadata, { attached, missing: turn.missingFiles ?? [] }),
    outbox,
    signal: AbortSignal.any([turn.signal, turn.held.lost, ended]),
    stop: limitMs === undefined ? stopped : AbortSignal.any([stopped, alarm(limitMs)]),
  };
}
