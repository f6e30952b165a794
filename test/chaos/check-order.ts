import type { AskedQuestion } from './evidence.ts';
import { type Mark, marksIn } from './marks.ts';
import { isFor } from './undecidable.ts';
import type { Case, Report } from './verdict.ts';

/** The answers of a session stand in the order of its questions, and each answer's parts in theirs. */
export function checkOrder(session: readonly AskedQuestion[], file: Case, report: Report): void {
  const name = session[0]?.session;
  const marks = file.shown.filter((message) => message.session === name).flatMap(({ text }) => marksIn(text));
  const positions = new Map(session.map(({ token }, position) => [token, position]));
  const firsts = firstPositions(marks, positions);
  let latest = { position: -1, part: 0 };
  for (const { token, run, part } of marks) {
    const own = positions.get(token);
    // Where the answer begins: what it answers together comes together.
    const position = firsts.get(run);
    if (own === undefined || position === undefined) {
      report('order', token, 'it is answered in the wrong conversation');
      continue;
    }
    if (!isAgain(token, file)) {
      if (position < latest.position)
        report('order', token, 'its answer stands below that of a later question');
      else if (position === latest.position && part < latest.part && part !== 1)
        report('order', token, `part ${part} stands below part ${latest.part}`);
    }
    if (position >= latest.position) latest = { position, part };
  }
  checkNeighbours(marks, positions, report);
}

/** A part that was sent again because nobody could know of the first copy stands where it can. */
function isAgain(token: string, { companions, undecidable }: Case): boolean {
  return undecidable.some((call) => isFor(call, companions.get(token) ?? []));
}

function firstPositions(
  marks: readonly Mark[],
  positions: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  const firsts = new Map<string, number>();
  for (const { token, run } of marks) {
    const position = positions.get(token);
    if (position !== undefined) firsts.set(run, Math.min(position, firsts.get(run) ?? Infinity));
  }
  return firsts;
}

/** Only questions that follow one another may be answered together. */
function checkNeighbours(
  marks: readonly Mark[],
  positions: ReadonlyMap<string, number>,
  report: Report,
): void {
  for (const own of Map.groupBy(marks, ({ run }) => run).values()) {
    const places = [...new Set(own.map(({ token }) => positions.get(token) ?? -1))];
    const gap = places.findIndex((place, index) => place !== (places[0] ?? 0) + index);
    const mark = own.find(({ token }) => positions.get(token) === places[gap]);
    if (mark)
      report('order', mark.token, 'it is answered together with questions that are not its neighbours');
  }
}
