import type { AskedCommand, AskedQuestion, Blow, ModelAsked } from '../../evidence/evidence.ts';
import type { Case, Outcome, Report } from '../verdict.ts';
import { droppedBy, promisesOf, stopsOf } from './stopped.ts';

/** Soon after the user was told so, nobody works on what was stopped any more; and what a stop let drop, it has counted. */
export function checkStops(file: Case, outcomes: ReadonlyMap<string, Outcome>, report: Report): void {
  const stops = file.commands.filter(({ command }) => command === 'stop');
  for (const stop of stops) checkObeyed(stop, file, report);
  for (const [session, questions] of file.inOrder) {
    const dropped = questions.filter(({ token }) => outcomes.get(token)?.isDropped);
    const counted = stops
      .filter((stop) => stop.session === session)
      .reduce((sum, stop) => sum + droppedBy(stop, file), 0);
    for (const { token } of dropped.slice(counted))
      report(
        'answered exactly once',
        token,
        `it was stopped without a word: the stops say of ${counted} only`,
      );
  }
}

function checkObeyed(stop: AskedCommand, file: Case, report: Report): void {
  const toldAtMs = toldAt(stop, file);
  if (toldAtMs === undefined) return;
  const byMs = toldAtMs + file.stoppingMs;
  const stopped = (file.inOrder.get(stop.session) ?? []).filter((question) =>
    stopsOf(question, file).includes(stop),
  );
  const tokens = new Set(stopped.map(({ token }) => token));
  for (const request of file.requests) {
    const token = request.tokens.find((one) => tokens.has(one));
    if (token === undefined || request.endedAtMs <= byMs) continue;
    if (isHindered(stop, request, file)) continue;
    report('stop obeyed', token, `the model worked on it ${request.endedAtMs - toldAtMs} ms after the stop`);
  }
}

/** @returns when the user was first told that it is stopped; undefined when that was never said. */
function toldAt(stop: AskedCommand, file: Case): number | undefined {
  const promises = new Set(promisesOf(stop, file).map(({ messageId }) => messageId));
  return file.callsIn
    .get(stop.session)
    ?.find(({ isCarriedOut, messageId }) => isCarriedOut && promises.has(messageId ?? NaN))?.atMs;
}

/** A process that is frozen, or that cannot read the store with the stop requests, does not learn of a stop. */
function isHindered(stop: AskedCommand, request: ModelAsked, file: Case): boolean {
  const isMeanwhile = (fromMs: number, untilMs: number): boolean =>
    untilMs >= stop.takenAtMs - file.stoppingMs && fromMs <= request.endedAtMs;
  const isFrozen = ({ kind, process, atMs, untilMs }: Blow): boolean =>
    (kind === 'freeze' || kind === 'disk full') &&
    !process.startsWith('webhook') &&
    isMeanwhile(atMs, untilMs);
  return (
    file.blows.some(isFrozen) ||
    file.storeFailures.some(({ session, atMs }) => session === stop.session && isMeanwhile(atMs, atMs))
  );
}

/** @returns the stops that came while the model worked on what they stop. */
export function stopsAtWork(file: Pick<Case, 'commands' | 'requests' | 'questions'>): AskedCommand[] {
  const session = new Map(
    file.questions.map((question: AskedQuestion) => [question.token, question.session]),
  );
  return file.commands.filter(
    ({ command, takenAtMs, ...stop }) =>
      command === 'stop' &&
      file.requests.some(
        ({ tokens, atMs, endedAtMs }) =>
          atMs < takenAtMs && endedAtMs > takenAtMs && session.get(tokens[0] ?? '') === stop.session,
      ),
  );
}
