import type { FinishedEvent, RunEvent } from '@omnicloud/protocol';
import type { LastTurn } from '../../session/last-turn.ts';
import { lostFiles } from '../../session/losses.ts';

/** What a run came to, as it is also kept for whoever asks again. */
export type TurnResult = Omit<
  LastTurn,
  'idempotency_key' | 'question_sha256' | 'conversation_sha256' | 'is_unfinished' | 'refused_from'
>;

/** @returns the events of a saved turn: the files that the agent sends, then the terminal one. */
export function closingEvents(
  sessionId: string,
  result: TurnResult,
  duration: FinishedEvent['duration_ms'],
): RunEvent[] {
  const { usage, is_stopped, is_paused, is_cut, cost_usd, turns, files, lost, workspace } = result;
  const figures = {
    session_id: sessionId,
    usage,
    cost_usd,
    turns,
    duration_ms: duration,
    ...(workspace === undefined ? {} : { workspace: { ...workspace, ...lostFiles(lost) } }),
  };
  return [
    ...files.map((file) => ({ type: 'file' as const, ...file })),
    is_paused
      ? { type: 'paused', ...figures }
      : { type: 'finished', is_stopped, ...(is_cut ? { is_cut } : {}), ...figures },
  ];
}
