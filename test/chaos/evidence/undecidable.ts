import type { Blow, Evidence, TelegramCall } from './evidence.ts';

/** Who writes to the ledger; the other processes have no part in it. */
const WORKER = 'worker';
/** A call that was being made when its process was frozen goes out this soon after it wakes, in ms. */
const WAKING_MS = 250;

/** Why the sender of a message could not know that it had sent it. */
export type UndecidableCause = 'answer lost' | 'sender killed' | 'sender frozen' | 'disk full';

/** What a blow between a send and its writing down is a cause of. */
const CAUSES: Partial<Record<Blow['kind'], UndecidableCause>> = {
  kill: 'sender killed',
  freeze: 'sender frozen',
  'disk full': 'disk full',
};

const SENDS: ReadonlySet<string> = new Set(['sendMessage', 'sendDocument']);

/**
 * @returns the sends that had an effect their sender could not know of, and why: the answer was lost, or the sender was killed or frozen
 * before it had written the answer down, or between its last look at the ledger and the call.
 */
export function undecidableSends({
  calls,
  blows,
  writingDownMs,
}: Evidence): ReadonlyMap<TelegramCall, UndecidableCause> {
  const nextOf = nextChanges(calls);
  const freezes = blows
    .filter(({ kind, process }) => kind === 'freeze' && process.startsWith(WORKER))
    .sort((one, two) => one.atMs - two.atMs);
  const blowOn = (call: TelegramCall): Blow | undefined => {
    // A turn's next call is made only after this one was written down.
    const nextAtMs = nextOf.get(call)?.atMs ?? Infinity;
    const byMs = Math.min(writtenDownByMs(call.atMs, writingDownMs, freezes), nextAtMs);
    return blows.find(
      ({ kind, process, atMs, untilMs }) =>
        CAUSES[kind] !== undefined &&
        process === call.sender &&
        atMs <= byMs &&
        untilMs + WAKING_MS >= call.atMs,
    );
  };
  const causes = new Map<TelegramCall, UndecidableCause>();
  for (const call of calls) {
    if (!SENDS.has(call.method) || !call.isCarriedOut) continue;
    const blow = blowOn(call);
    const cause = blow && CAUSES[blow.kind];
    if (call.isAnswerLost) causes.set(call, 'answer lost');
    else if (cause) causes.set(call, cause);
  }
  return causes;
}

/** @returns for each change in a chat the next one that the same process made there. */
function nextChanges(calls: readonly TelegramCall[]): ReadonlyMap<TelegramCall, TelegramCall> {
  const nextOf = new Map<TelegramCall, TelegramCall>();
  const last = new Map<string, TelegramCall>();
  for (const call of calls) {
    if (call.reaction !== undefined) continue;
    const key = `${call.sender} ${call.session}`;
    const before = last.get(key);
    if (before) nextOf.set(before, call);
    last.set(key, call);
  }
  return nextOf;
}

/** Another worker may have been frozen with the lock of the ledger, which all of them write to: then everybody waits for it. */
function writtenDownByMs(atMs: number, writingDownMs: number, freezes: readonly Blow[]): number {
  return freezes.reduce((byMs, freeze) => {
    const isInTheWay = freeze.atMs <= byMs && freeze.untilMs >= atMs;
    return isInTheWay ? Math.max(byMs, freeze.untilMs + writingDownMs) : byMs;
  }, atMs + writingDownMs);
}
