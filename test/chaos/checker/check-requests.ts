import type { AskedQuestion, ModelAsked } from '../evidence/evidence.ts';
import { isDamagedBetween, lossesTold } from './damage/damage-told.ts';
import type { Case, Outcome, Report } from './verdict.ts';

/** What the model is told with a question holds every answered turn of its conversation before it, once and in order, and nothing else. */
export function checkContext(
  conversation: readonly AskedQuestion[],
  {
    file,
    outcomes,
    report,
  }: { readonly file: Case; readonly outcomes: ReadonlyMap<string, Outcome>; readonly report: Report },
): void {
  const { requests } = file;
  const order = conversation.map(({ token }) => token);
  /** By the run that is not known any more: the question at which that was seen. */
  const lost = new Map<string, string>();
  for (const request of requests) {
    const { tokens, speaker } = request;
    const history = withoutDamaged(request, conversation, file);
    const [token = ''] = tokens;
    if (!order.includes(token)) continue;
    const other = conversation.find((one) => tokens.includes(one.token) && one.speaker !== speaker);
    if (other) report('context', other.token, `it is told as said by ${speaker}`);
    // Of what was asked together, words are told before files.
    const together = history.map((turn, index) => ({ ...turn, after: firstOfRun(history, index) }));
    const place = (one: string): number => order.indexOf(one);
    const known = together
      .sort((one, two) => one.after - two.after || place(one.token) - place(two.token))
      .map((turn) => turn.token);
    if (new Set([...known, ...tokens]).size !== known.length + tokens.length)
      report('context', token, `a question is in its context twice: ${[...known, ...tokens].join(' ')}`);
    const foreign = [...known, ...tokens].find((one) => !order.includes(one));
    if (foreign !== undefined)
      report('context', token, `its context holds ${foreign} of another conversation`);
    const asked = tokens.toSorted((one, two) => place(one) - place(two));
    const places = [...known, ...asked].flatMap((one) => (one === foreign ? [] : order.indexOf(one)));
    if (places.some((place, index) => place < (places[index - 1] ?? 0)))
      report('context', token, `its context is out of order: ${[...known, ...tokens].join(' ')}`);
    for (const question of conversation.slice(0, order.indexOf(token))) {
      const { token: earlier } = question;
      // Words are asked before the files that came with them, also when the webhook took a file over first.
      if (tokens.includes(earlier)) continue;
      const outcome = outcomes.get(earlier);
      if (outcome?.run === undefined || outcome.isUnsaved) continue;
      const turn = history.find((one) => one.token === earlier);
      if (turn?.run !== outcome.run && isDamagedBetween(question, request, file)) {
        if (!lost.has(outcome.run)) lost.set(outcome.run, token);
        continue;
      }
      if (turn === undefined) report('context', token, `its context skips ${earlier}`);
      else if (turn.run !== outcome.run)
        report('context', token, `of ${earlier} it knows another answer than the user`);
    }
  }
  const told = lossesTold(conversation[0]?.session ?? '', file);
  for (const [run, token] of [...lost].slice(Math.min(told, lost.size)))
    report(
      'context',
      token,
      `${run} is lost from a damaged conversation, and of ${told} turns that was said`,
    );
}

/**
 * @returns the history without the questions that are asked once more because damage took their answers, before their senders knew of these.
 */
function withoutDamaged(
  request: ModelAsked,
  conversation: readonly AskedQuestion[],
  file: Case,
): ModelAsked['history'] {
  const { tokens, history } = request;
  const isRepeated = (token: string): boolean =>
    tokens.includes(token) || history.filter((turn) => turn.token === token).length > 1;
  return history.filter(({ token, run }) => {
    if (run !== undefined || !isRepeated(token)) return true;
    const question = conversation.find((one) => one.token === token);
    return question === undefined || !isDamagedBetween(question, request, file);
  });
}

/** @returns where the questions begin that the same run answers. */
function firstOfRun(history: ModelAsked['history'], index: number): number {
  const { run, token = '' } = history[index] ?? {};
  // Nobody knows which run was to answer what was stopped or failed: a file belongs to the words that it came with.
  const isTogether = (turn: ModelAsked['history'][number]): boolean =>
    run === undefined ? isFileOf(turn.token, token) : turn.run === run;
  const first = history.findIndex(isTogether);
  if (first < 0 || first > index) return index;
  return history.slice(first, index).every((turn) => turn.run === run) ? first : index;
}

/** @returns whether a token is that of a file which came with the words of another token; see `speak`. */
function isFileOf(words: string, token: string): boolean {
  return /^f\d+$/.test(token.slice(words.length)) && token.startsWith(words);
}

/**
 * A session's runs follow one another: while the model works on one question of it, nobody asks it anything of the same session, not even the
 * same again. Who was frozen is no exception: the model had answered long before the lease could be taken from it.
 */
export function checkWriters(
  session: readonly AskedQuestion[],
  requests: readonly ModelAsked[],
  report: Report,
): void {
  const order = new Set(session.map(({ token }) => token));
  const own = requests
    .filter(({ tokens: [token = ''] }) => order.has(token))
    .sort((one, two) => one.atMs - two.atMs);
  for (const [index, request] of own.entries()) {
    const other = own.slice(index + 1).find(({ atMs }) => atMs < request.endedAtMs);
    if (other)
      report(
        'one writer',
        other.tokens[0] ?? '',
        `it ran beside ${request.tokens.join(' ')} of the same session`,
      );
  }
}
