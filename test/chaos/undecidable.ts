import type { AskedQuestion, Blow, Evidence, TelegramCall } from './evidence.ts';

/** A process that dies this soon after a send may not have written down that it was made, in ms. */
const WRITING_DOWN_MS = 500;

/**
 * @returns how many sends for a question had an effect that their sender could not know of: the answer was lost, or the sender was
 * killed or frozen before it had written the answer down.
 */
export function undecidableSends({ chatId, messageId, token }: AskedQuestion, evidence: Evidence): number {
  return evidence.calls.filter((call) => {
    if (call.method !== 'sendMessage' || call.chatId !== chatId || !call.isCarriedOut) return false;
    const isForIt = call.replyTo === messageId || call.marks.some((mark) => mark.token === token);
    return isForIt && (call.isAnswerLost || isCutShort(call, evidence));
  }).length;
}

function isCutShort(call: TelegramCall, { blows }: Evidence): boolean {
  const writtenDownMs = writtenDownAtMs(call, blows);
  return blows.some(
    ({ process, atMs, untilMs }) => process === call.sender && atMs <= writtenDownMs && untilMs >= call.atMs,
  );
}

/** Another process may have been frozen with the lock of a store that all of them write to: then everybody waits for it. */
function writtenDownAtMs({ atMs }: TelegramCall, blows: readonly Blow[]): number {
  return blows
    .filter(({ kind }) => kind === 'freeze')
    .sort((one, two) => one.atMs - two.atMs)
    .reduce((byMs, freeze) => {
      const isInTheWay = freeze.atMs <= byMs && freeze.untilMs >= atMs;
      return isInTheWay ? Math.max(byMs, freeze.untilMs + WRITING_DOWN_MS) : byMs;
    }, atMs + WRITING_DOWN_MS);
}
