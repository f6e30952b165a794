import type { AskedQuestion, Blow, Evidence, TelegramCall } from './evidence.ts';

/** A process that dies this soon after a send may not have written down that it was made, in ms. */
const WRITING_DOWN_MS = 500;
/** Who writes to the ledger; the other processes have no part in it. */
const WORKER = 'worker';
/** A call that was being made when its process was frozen goes out this soon after it wakes, in ms. */
const WAKING_MS = 250;

/**
 * @returns the sends that had an effect their sender could not know of: the answer was lost, or the sender was killed or frozen
 * before it had written the answer down, or between its last look at the ledger and the call.
 */
export function undecidableSends({ calls, blows }: Evidence): TelegramCall[] {
  return calls.filter(
    (call) =>
      call.method === 'sendMessage' &&
      call.isCarriedOut &&
      (call.isAnswerLost || isCutShort(call, calls, blows)),
  );
}

/** @returns whether the call tells something to those who asked the questions. */
export function isFor(call: TelegramCall, questions: readonly AskedQuestion[]): boolean {
  return questions.some(
    ({ token, chatId, messageId }) =>
      call.chatId === chatId &&
      (call.replyTo === messageId || call.marks.some((mark) => mark.token === token)),
  );
}

function isCutShort(call: TelegramCall, calls: readonly TelegramCall[], blows: readonly Blow[]): boolean {
  // Who waits for the ledger makes no calls.
  const next = calls.find((one) => one.sender === call.sender && one.atMs >= call.atMs + WRITING_DOWN_MS);
  const writtenDownMs = Math.min(writtenDownAtMs(call, blows), next?.atMs ?? Infinity);
  return blows.some(
    ({ process, atMs, untilMs }) =>
      process === call.sender && atMs <= writtenDownMs && untilMs + WAKING_MS >= call.atMs,
  );
}

/** Another worker may have been frozen with the lock of the ledger, which all of them write to: then everybody waits for it. */
function writtenDownAtMs({ atMs }: TelegramCall, blows: readonly Blow[]): number {
  return blows
    .filter(({ kind, process }) => kind === 'freeze' && process.startsWith(WORKER))
    .sort((one, two) => one.atMs - two.atMs)
    .reduce((byMs, freeze) => {
      const isInTheWay = freeze.atMs <= byMs && freeze.untilMs >= atMs;
      return isInTheWay ? Math.max(byMs, freeze.untilMs + WRITING_DOWN_MS) : byMs;
    }, atMs + WRITING_DOWN_MS);
}
