import { askedTogether } from './asked-together.ts';
import type { AskedQuestion, Evidence, TelegramCall } from './evidence.ts';
import type { Violation } from '../checker/verdict.ts';

/** Blows so long before and after the question are shown too, in ms. */
const BLOWS_SHOWN_MS = { before: 5_000, after: 30_000 };

/** Prints a violation with everything that Telegram and the model saw of its question and of those that were asked with it. */
export function showViolation({ token, what }: Violation, evidence: Evidence): void {
  console.log(`     ${token}: ${what}`);
  const question = evidence.questions.find((one) => one.token === token);
  if (!question) return;
  const asked = askedTogether(evidence).get(token) ?? [question];
  const seen = asked.flatMap(({ token: one, session, messageId, atMs, takenAtMs }): [number, string][] => [
    [atMs, `${one} asked in ${session} as ${messageId}`],
    [takenAtMs, `${one} taken over`],
  ]);
  for (const { tokens, run, atMs, history } of evidence.requests) {
    const known = history.map((turn) => `${turn.token}=${turn.run ?? '?'}`).join(' ');
    if (tokens.includes(token))
      seen.push([atMs, `model asked ${tokens.join(' ')} for ${run} after [${known}]`]);
  }
  for (const { worker, agent, tokens, atMs, endedAtMs, ending } of evidence.asks) {
    if (!asked.some((one) => tokens.includes(one.token))) continue;
    seen.push([atMs, `${worker} asked ${agent ?? 'no agent server'} about ${tokens.join(' ')}`]);
    if (ending !== undefined) seen.push([endedAtMs, `${agent ?? 'nobody'} answered ${worker}: ${ending}`]);
  }
  for (const call of callsFor(asked, evidence)) {
    const fate = !call.isCarriedOut ? ' refused' : call.isAnswerLost ? ' answer lost' : '';
    const marks = call.marks.map((mark) => `${mark.token} by ${mark.run} ${mark.part}/${mark.parts}`);
    const reply = call.replyTo === undefined ? '' : ` below ${call.replyTo}`;
    const id = call.messageId === undefined ? '' : ` is ${call.messageId}`;
    const reaction =
      call.reaction === undefined ? '' : ` ${call.reaction.isSet ? 'on' : 'off'} ${call.reaction.messageId}`;
    seen.push([
      call.atMs,
      `${call.sender} ${call.method}${reply}${id}${reaction} ${marks.join(', ')}${fate}`,
    ]);
  }
  const { atMs: askedAtMs } = question;
  for (const { kind, process, atMs, untilMs } of evidence.blows) {
    const isNear = atMs > askedAtMs - BLOWS_SHOWN_MS.before && atMs < askedAtMs + BLOWS_SHOWN_MS.after;
    const until = kind === 'freeze' || kind === 'disk full' ? ` until ${untilMs - askedAtMs} ms` : '';
    if (isNear) seen.push([atMs, `${kind} ${process}${until}`]);
  }
  for (const [atMs, event] of seen.sort(([one], [two]) => one - two))
    console.log(`       ${String(atMs - askedAtMs).padStart(7)} ms ${event}`);
}

/** @returns the calls that answer the questions or mark them, and the calls that later change such a message. */
function callsFor(questions: readonly AskedQuestion[], { calls }: Evidence): TelegramCall[] {
  const telling = calls.filter((call) =>
    questions.some(
      ({ token, chatId, messageId }) =>
        call.chatId === chatId &&
        (call.replyTo === messageId ||
          call.reaction?.messageId === messageId ||
          call.marks.some((mark) => mark.token === token)),
    ),
  );
  const told = new Set(telling.map(({ chatId, messageId }) => `${chatId}:${messageId}`));
  return calls.filter(
    (call) =>
      telling.includes(call) ||
      (call.messageId !== undefined && told.has(`${call.chatId}:${call.messageId}`)),
  );
}
