// record → the record after one step; the steps are the arrows of the drawing in docs/architecture.md
import { TurnStateError } from '../errors.ts';
import {
  answeredSchema,
  deliveredSchema,
  isIn,
  type MergedTurn,
  type MissingAttachment,
  type RecordIn,
  type TurnFile,
  type TurnRecord,
  type TurnState,
  UNANSWERED,
  UNFINISHED,
  type Waits,
} from './turn-record.ts';

type Unfinished = RecordIn<(typeof UNFINISHED)[number]>;
type PostedMessage = TurnRecord['posted'][number];

/** @returns the step, which throws TurnStateError for a record in another state than these. */
function from<State extends TurnState, Given extends readonly unknown[], After extends TurnRecord>(
  states: readonly State[],
  step: (record: RecordIn<State>, ...given: Given) => After,
): (record: TurnRecord, ...given: Given) => After {
  return (record, ...given) => {
    if (!isIn(record, states)) throw new TurnStateError(record.state, states);
    return step(record, ...given);
  };
}

/** The record of a turn that nobody has begun with. */
export const NEW_TURN: RecordIn<'running'> = {
  state: 'running',
  version: 0,
  delivery: '',
  posted: [],
  undecidableSends: 0,
  deferrals: 0,
};

/** Another delivery takes the turn up. */
export const begin = from(UNFINISHED, (found) => {
  const record = withoutSending(found);
  const { outage } = record;
  const noWait = outage === undefined ? {} : { outage: { ...outage, isWaiting: false } };
  return { ...record, ...noWait, begun: (record.begun ?? 0) + 1 };
});

/** The run reached its time limit: the next delivery goes on, and this one counts as no try. */
export const pause = from(UNANSWERED, (before, text: string, files: readonly TurnFile[]) => {
  // The text of the pause tells what was lost before this run.
  const { isSessionLost, lostTurns, ...record } = before;
  return {
    ...record,
    ...withFiles(record, files),
    deferrals: record.deferrals + 1,
    paused: { text, runs: (record.paused?.runs ?? 0) + 1 },
  };
});

/** The delivery ends without being a try. */
export const defer = from(UNFINISHED, (record) => ({ ...record, deferrals: record.deferrals + 1 }));

/** As `defer`, because of an outage. */
export const waitOut = from(UNFINISHED, (record, outage: Waits) => ({ ...defer(record), outage }));

/** `/new` leaves this session. */
export const leaveSession = from(['running'], (record, sessionId: string) => ({
  ...record,
  leaves: sessionId,
}));

/** The conversation is gone, and with it any damage that it had. */
export const loseSession = from(UNANSWERED, ({ lostTurns, ...record }) => ({
  ...record,
  isSessionLost: true,
}));

/** The conversation was repaired and lacks so many turns. */
export const loseTurns = from(UNANSWERED, (record, lostTurns: number) => ({ ...record, lostTurns }));

/** The turn takes these later turns along. A message that was itself taken along takes none. */
export const takeAlong = from(['running'], (record, merged: readonly MergedTurn[]) => ({
  ...record,
  merged: [...merged],
}));

/** The agent does without these files. */
export const goWithout = from(UNANSWERED, (record, missing: readonly MissingAttachment[]) => ({
  ...record,
  missing: [...missing],
}));

/** A part is on its way to Telegram. */
export const send = from(UNFINISHED, (record, part: number) => ({
  ...withoutSending(record),
  sending: part,
}));

/** These messages are the reply; nothing is on its way any more. */
export const post = from(UNFINISHED, ({ sending, ...record }, posted: readonly PostedMessage[]) => ({
  ...record,
  posted: posted.map((part) => ({ ...part })),
}));

/**
 * The final text is known; `/stop` replaces one that is not delivered. A file with another text is not the file of this one. The schema drops
 * what an answered turn does not need.
 */
export const answer = from(
  UNFINISHED,
  ({ isAnswerAttached, ...record }, text: string, files: readonly TurnFile[]) => {
    const answered = { ...record, ...withFiles(record, files), state: 'answered' as const, answer: text };
    return answeredSchema.parse(answered);
  },
);

/** The whole text is in the chat as a document, or, without a document, its user was told that it will not be. */
export const attachAnswer = from(UNFINISHED, ({ sending, ...record }, document: number | undefined) => ({
  ...record,
  ...withDocument(record, document),
  isAnswerAttached: true,
}));

/** The next of the files is in the chat as a document, or, without a document, its user was told that it will not be. */
export const deliverFile = from(['answered'], ({ sending, ...record }, document: number | undefined) => ({
  ...record,
  ...withDocument(record, document),
  filesDelivered: (record.filesDelivered ?? 0) + 1,
}));

/** The answer goes to the chat itself. */
export const leaveTopic = from(['answered'], ({ sending, ...record }) => ({
  ...record,
  isOutsideTopic: true,
}));

/** Another turn is to deliver the answer. */
export const keep = from(['answered'], ({ sending, ...record }) => ({ ...record, isKept: true }));

/** @returns the first record of the turn that delivers the answer later: the answer, and how much of it is in the chat. */
export const handOn = from(['answered'], (record, delivery: string) => {
  const { sending, merged, mergedInto, isKept, begun, outage, ...rest } = record;
  return { ...rest, version: 1, delivery, deferrals: 0 };
});

/**
 * Telegram has everything, with the document if there is one. Of a message, the answer is known before; a command may have only the document.
 * The schema drops what a delivered turn does not need.
 */
export const deliver = from(['running', 'answered'], (record, document: number | undefined) => {
  const delivered = { ...record, ...withDocument(record, document), state: 'delivered' as const };
  return deliveredSchema.parse(delivered);
});

/** The user was told that the turn is put aside: when it comes back, all tries are before it again. */
export const giveUp = from(UNANSWERED, (before) => {
  const { outage, isSessionLost, lostTurns, isAnswerAttached, ...record } = before;
  return { ...record, begun: 0, deferrals: 0 };
});

/** A delivery that finds a send which was begun and not ended cannot know whether it arrived. */
function withoutSending(before: Unfinished): Unfinished {
  const { sending, ...record } = before;
  if (sending === undefined) return record;
  return { ...record, undecidableSends: record.undecidableSends + 1 };
}

function withDocument(
  { documents = [] }: Pick<TurnRecord, 'documents'>,
  document: number | undefined,
): { documents?: number[] } {
  return document === undefined ? {} : { documents: [...documents, document] };
}

/** Each run of a turn adds its own files. */
function withFiles(
  { files: before = [] }: Pick<Unfinished, 'files'>,
  files: readonly TurnFile[],
): { files?: TurnFile[] } {
  return files.length === 0 ? {} : { files: [...before, ...files] };
}
