// turn → the session's archive, all of it → sendDocument → delivered, or again when Telegram takes it
import type { Turn } from '@omnicloud/protocol';
import { TelegramError } from '../../errors.ts';
import type { Outcome } from '../../queue/turn-queue.ts';
import { renderMarkdown } from '../../markdown/render-markdown.ts';
import { TEXTS } from '../../reply/texts.ts';
import { keepShowing } from '../../reply/typing.ts';
import { fetchArchive } from '../agent/agent-files.ts';
import { MAX_DOCUMENT_BYTES, readSession, type SessionReaderDeps } from './read-session.ts';
import { writtenDown } from '../files/deliver-files.ts';
import { DONE, putOff } from '../../turn/put-off.ts';
import { say } from '../deliver-answer.ts';
import type { ReplyContext } from '../reply-context.ts';

type Archive = 'export' | 'debug';

const NAMES: Record<Archive, string> = { export: 'session', debug: 'debug' };

/** Sends the turn's session, or the files that tell how it went, as a document. */
export async function sendArchive(
  turn: Turn,
  archive: Archive,
  context: ReplyContext,
  deps: SessionReaderDeps & { readonly ownerId?: string },
): Promise<Outcome> {
  const stopShowing = keepShowing('upload_document', context.chat, context);
  try {
    return await readSession(
      turn,
      context,
      deps,
      (server, session) =>
        fetchArchive(server, session, {
          archive,
          withDebug: turn.sender.id === deps.ownerId,
          maxBytes: MAX_DOCUMENT_BYTES,
        }),
      (content, { sessionId }) => post(archive, `${NAMES[archive]}-${sessionId}.tar.gz`, content, context),
    );
  } finally {
    stopShowing();
  }
}

async function post(
  archive: Archive,
  name: string,
  content: Uint8Array,
  context: ReplyContext,
): Promise<Outcome> {
  const { chat, progress, language, onError } = context;
  const texts = TEXTS[language];
  await progress.saveSending(0);
  let document: number;
  try {
    document = await chat.sendDocument({ name, content }, renderMarkdown(texts.archive[archive]));
  } catch (error) {
    if (!(error instanceof TelegramError)) throw error;
    onError(error);
    // Refused or put off, it has not arrived; without an answer, nobody knows.
    if (!error.mayHaveLanded) await progress.savePosted(progress.posted);
    if (error.retryAfterMs !== undefined) return putOff(progress, error.retryAfterMs);
    if (error.mayHaveLanded && !(await chat.isThere())) throw error;
    if (error.retryable) return { kind: 'retry' };
    // Too large for this server, or no files are allowed here; when nobody is there, this is refused too.
    return say(context, texts.archiveRefused);
  }
  // One step: a document that were written down as a part of a reply would be edited by the next delivery.
  await writtenDown(document, context, () => progress.saveDelivered(document));
  return DONE;
}
