import { fileMarkIn } from '../evidence/marks.ts';
import { saysStopped } from './stops/stopped.ts';
import { type Case, messageKey, type Outcome, type Report } from './verdict.ts';

/** What the user reads below an answer whose files could not be stored or sent. */
const LOST = /could not be stored|is gone from the store/;

/**
 * A file that was asked for arrives once, with the answer that it belongs to. A further copy is excused only when nobody could know that it had
 * been sent, and a missing one only when its user was told.
 */
export function checkDocuments(file: Case, outcomes: ReadonlyMap<string, Outcome>, report: Report): void {
  for (const { token, session, wantsFile } of file.questions) {
    const inSession = file.shownIn.get(session) ?? [];
    const documents = inSession.flatMap(({ message }) => {
      const mark = message.isDocument ? fileMarkIn(message.text) : undefined;
      return mark?.token === token ? [{ message, run: mark.run }] : [];
    });
    const run = outcomes.get(token)?.run;
    // Stopped after its last word, it may not have come to send the file.
    const isStopped = inSession.some(
      ({ message, marks }) => saysStopped(message) && marks.some((mark) => mark.token === token),
    );
    const isTold = inSession.some(
      ({ message, marks }) =>
        LOST.test(message.text) && (marks.length === 0 || marks.some((mark) => mark.token === token)),
    );
    if (wantsFile && run !== undefined && !isTold && !isStopped && !documents.some((one) => one.run === run))
      report('answered exactly once', token, 'its file has not arrived');
    const known = documents.filter(({ message }) => !file.undecidable.has(messageKey(message)));
    if (known.length > 1)
      report('answered exactly once', token, 'its file arrived more than once, and the senders knew of it');
  }
}
