import type { AskedQuestion, ShownMessage } from '../evidence/evidence.ts';
import type { Mark } from '../evidence/marks.ts';
import type { Case, Report } from './verdict.ts';

/**
 * The answers of a session stand in the order in which its questions were taken over, and each answer's parts in theirs.
 * @param excused the copies that nobody could know of, which stand where they can.
 */
export function checkOrder(
  session: readonly AskedQuestion[],
  {
    case: { shownIn },
    excused,
    report,
  }: { readonly case: Case; readonly excused: ReadonlySet<ShownMessage>; readonly report: Report },
): void {
  const shown = shownIn.get(session[0]?.session ?? '') ?? [];
  const marks = shown.filter(({ message }) => !excused.has(message)).flatMap((one) => one.marks);
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
    if (position < latest.position)
      report('order', token, 'its answer stands below that of a later question');
    else if (position === latest.position && part < latest.part)
      report('order', token, `part ${part} stands below part ${latest.part}`);
    if (position >= latest.position) latest = { position, part };
  }
  checkNeighbours(marks, positions, report);
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
    const places = [...new Set(own.map(({ token }) => positions.get(token) ?? -1))].sort(
      (one, two) => one - two,
    );
    const gap = places.findIndex((place, index) => place !== (places[0] ?? 0) + index);
    const mark = own.find(({ token }) => positions.get(token) === places[gap]);
    const [between] = [...positions].find(([, position]) => position === (places[0] ?? 0) + gap) ?? [];
    if (mark)
      report('order', mark.token, `it is answered together with questions behind ${between}, and without it`);
  }
}
