import type { Blow, Evidence, TelegramCall } from '../evidence/evidence.ts';
import type { Report } from './verdict.ts';

/** A worker may wait so long with a mark that it was about to set when it was frozen, in ms. */
const WAKING_MS = 250;

/** @returns the calls that set what the chats show as waiting in the end, when nothing waits any more. */
export function leftMarks({ calls }: Pick<Evidence, 'calls'>): TelegramCall[] {
  const last = new Map<string, TelegramCall>();
  for (const call of calls)
    if (call.reaction && call.isCarriedOut) last.set(`${call.chatId}:${call.reaction.messageId}`, call);
  return [...last.values()].filter(({ reaction }) => reaction?.isSet);
}

/** Nothing is marked as waiting in the end, unless it was marked by a worker that was frozen just then and woke too late. */
export function checkMarks(evidence: Evidence, report: Report): void {
  for (const call of leftMarks(evidence)) {
    if (evidence.blows.some((blow) => isFrozenIn(blow, call))) continue;
    const { chatId, reaction } = call;
    const question = evidence.questions.find(
      (one) => one.chatId === chatId && one.messageId === reaction?.messageId,
    );
    report(
      'no mark left',
      question?.token ?? `message ${reaction?.messageId}`,
      'it is still marked as waiting',
    );
  }
}

function isFrozenIn({ kind, process, untilMs }: Blow, { sender, atMs }: TelegramCall): boolean {
  return kind === 'freeze' && process === sender && atMs >= untilMs && atMs <= untilMs + WAKING_MS;
}
