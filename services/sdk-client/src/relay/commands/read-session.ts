// turn → its session → something of it that is stored → passed on, or why there is nothing
import { sessionKeyOf, type Turn } from '@omnicloud/protocol';
import type { SessionTable } from '@omnicloud/storage';
import { AgentUnreachableError, OutageError } from '../../errors.ts';
import type { Outcome } from '../../queue/turn-queue.ts';
import { FAILURE_REASONS } from '../../reply/failure-reasons.ts';
import { TEXTS } from '../../reply/texts.ts';
import type { AgentServer } from '../agent/agent-client.ts';
import type { Fetched, StoredSession } from '../agent/agent-files.ts';
import { say } from '../deliver-answer.ts';
import type { ReplyContext } from '../reply-context.ts';
import { isOutage } from '../wait-out.ts';

export interface SessionReaderDeps {
  readonly table: SessionTable;
  readonly agent: AgentServer;
}

/** What Telegram takes as one file from a bot. https://core.telegram.org/bots/api#senddocument */
export const MAX_DOCUMENT_BYTES = 50_000_000;

/**
 * Reads something of the turn's session.
 * @param passOn does with it what the user wants.
 * @returns the end of the delivery; when there was nothing to pass on, the user is told why, or it is tried again.
 * @throws OutageError, AgentUnreachableError when it can be had once an outage is over.
 */
export async function readSession<Value>(
  turn: Turn,
  context: ReplyContext,
  deps: SessionReaderDeps,
  read: (server: AgentServer, session: StoredSession) => Promise<Fetched<Value>>,
  passOn: (value: Value, session: StoredSession) => Promise<Outcome>,
): Promise<Outcome> {
  const texts = TEXTS[context.language];
  const sessionKey = sessionKeyOf(turn);
  const mapping = await deps.table.find(sessionKey);
  if (!mapping) return say(context, texts.noSession);
  const session = { sessionId: mapping.sessionId, sessionKey };
  const fetched = await unlessUnreachable(read(deps.agent, session), context);
  switch (fetched?.kind) {
    case undefined:
      return { kind: 'retry' };
    case 'fetched':
      return passOn(fetched.value, session);
    case 'too_large':
      return say(context, texts.archiveTooLarge(MAX_DOCUMENT_BYTES / 1_000_000));
    case 'refused': {
      const { code, message, retryable, details } = fetched.error;
      if (code === 'session_unknown') return say(context, texts.nothingStored);
      const failure = `The agent server failed with ${code}: ${message}`;
      if (isOutage(code))
        throw new OutageError(failure, { code, ...(details === undefined ? {} : { details }) });
      context.onError(new Error(failure));
      return retryable
        ? { kind: 'retry' }
        : say(context, texts.failed(FAILURE_REASONS[context.language][code]));
    }
  }
}

async function unlessUnreachable<Value>(
  reading: Promise<Value>,
  { onError }: ReplyContext,
): Promise<Value | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (!(error instanceof AgentUnreachableError) || error.isAway) throw error;
    onError(error);
    return undefined;
  }
}
