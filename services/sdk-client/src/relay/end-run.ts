// what one run of the agent came to → measured → said | written down until the next run goes on
import type { Turn } from '@omnicloud/protocol';
import type { Outcome } from '../queue/turn-queue.ts';
import { annotateAnswer, withMissingFiles } from '../reply/annotate-answer.ts';
import { boundAnswer } from '../reply/bound-answer.ts';
import { TEXTS } from '../reply/texts.ts';
import type { Meter } from './meter.ts';
import type { Relayed, RunResult } from './relay-answer.ts';
import { say } from './deliver-answer.ts';
import type { ReplyContext } from './reply-context.ts';

/** Says what the agent answered. */
export async function sayAnswered(
  { text, notes, files }: Extract<Relayed, { kind: 'answered' }>,
  context: ReplyContext,
  meter: Meter,
): Promise<Outcome> {
  meter.add('TurnsAnswered', 1);
  return say(context, withMissing(context, annotateAnswer(text, notes, context.language)), files);
}

/** Writes down what the run said until its time was up. */
export async function savePausedAnswer(
  { text, notes, files }: Extract<Relayed, { kind: 'paused' }>,
  { progress, language }: ReplyContext,
): Promise<void> {
  // The run that ends the answer says it again, below all of it.
  const toTell = notes.filter(({ kind }) => kind !== 'workspace_over_limit');
  const soFar = toTell.length === 0 ? text : annotateAnswer(text, toTell, language);
  await progress.savePaused(boundAnswer(soFar, TEXTS[language].answerCut), files);
}

/** @returns the text below a word on each file of the user that the agent did without. */
export function withMissing({ progress, language }: ReplyContext, markdown: string): string {
  return withMissingFiles(markdown, progress.missing ?? [], language);
}

export function measure(result: RunResult, turn: Turn, meter: Meter): void {
  const { duration_ms: duration, usage } = result;
  meter.add('TurnMs', Date.now() - Date.parse(turn.received_at));
  meter.add('RestoreMs', duration.restore);
  meter.add('RunMs', duration.run);
  meter.add('PersistMs', duration.persist);
  meter.add('InputTokens', usage.input_tokens);
  meter.add('OutputTokens', usage.output_tokens);
  meter.add('CostUsd', result.cost_usd);
}
