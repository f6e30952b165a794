// the whole of a long answer, files of the answer → agent server → sendDocument, each once → what could not be sent is said
import { OutageError, TelegramError, TurnTakenOverError } from '../../errors.ts';
import type { OutgoingDocument } from '../../telegram/telegram-chat.ts';
import { TEXTS } from '../../reply/texts.ts';
import type { ReplyContext } from '../reply-context.ts';
import type { TurnFile } from '../../turn/turn-record.ts';
import { isOutage } from '../wait-out.ts';

/**
 * Sends the files that are still missing in the chat, in their order.
 * @throws TelegramError when Telegram takes nothing now; AgentUnreachableError when the agent server does not hand one out now; OutageError when the
 *   store does not.
 */
export async function deliverFiles(context: ReplyContext): Promise<void> {
  const { progress } = context;
  for (const file of progress.files.slice(progress.filesDelivered)) {
    const document = await deliverFile(file, context);
    await writtenDown(document, context, () => progress.saveFileDelivered(document));
  }
}

/** @returns the message that is the file; undefined when its user was told that there is none. */
async function deliverFile(file: TurnFile, context: ReplyContext): Promise<number | undefined> {
  const { chat, language, fetchFile } = context;
  const fetched = await fetchFile(file);
  if (fetched.kind === 'refused' && isOutage(fetched.error.code)) {
    const { code, message } = fetched.error;
    throw new OutageError(`The agent server does not hand out a file now: ${message}`, { code });
  }
  if (fetched.kind !== 'fetched') {
    context.onError(new Error(`The agent server did not hand out a file: ${fetched.kind}`));
    // Asking may have taken long, and nothing was written down since.
    await context.confirm();
    await chat.send(noteOn(TEXTS[language].fileLost(file.name)), { isReply: false });
    return undefined;
  }
  const document = { name: file.name, content: fetched.value };
  return post(document, file.caption ?? '', TEXTS[language].fileRefused(file.name), context);
}

/** The name of the file that holds a whole answer. */
const ANSWER_FILE = 'answer.md';

/**
 * Sends the whole answer as a file.
 * @throws TelegramError when Telegram takes nothing now.
 */
export async function attachAnswer(context: ReplyContext, markdown: string): Promise<void> {
  const document = { name: ANSWER_FILE, content: Buffer.from(markdown) };
  const sent = await post(document, '', TEXTS[context.language].answerRefused, context);
  await writtenDown(sent, context, () => context.progress.saveAnswerAttached(sent));
}

/**
 * Writes a document down that was sent. Who overtook this process while it sent cannot know of the document, and sends it again: then it is taken
 * back, unless it was written down after all.
 * @throws TurnTakenOverError then.
 */
export async function writtenDown(
  document: number | undefined,
  { chat, progress, onError }: Pick<ReplyContext, 'chat' | 'progress' | 'onError'>,
  write: () => Promise<void>,
): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (error instanceof TurnTakenOverError && document !== undefined) {
      try {
        if (!(await progress.isPosted(document))) await chat.delete(document);
      } catch (failure) {
        onError(failure);
      }
    }
    throw error;
  }
}

/** Sends a file, or says that it was refused. @returns the message that is the file, if there is one. */
async function post(
  document: OutgoingDocument,
  caption: string,
  refusal: string,
  { chat, progress, onError }: ReplyContext,
): Promise<number | undefined> {
  await progress.saveSendingFile();
  try {
    return await chat.sendDocument(document, noteOn(caption));
  } catch (error) {
    if (!(error instanceof TelegramError)) throw error;
    // Refused or put off, it has not arrived; without an answer, nobody knows.
    if (!error.mayHaveLanded) await progress.savePosted(progress.posted);
    if (error.retryable) throw error;
    onError(error);
    await chat.send(noteOn(refusal), { isReply: false });
    return undefined;
  }
}

/** A file's name is a stranger's text: nothing in it is mark-up. */
function noteOn(text: string): { text: string; entities: [] } {
  return { text, entities: [] };
}
