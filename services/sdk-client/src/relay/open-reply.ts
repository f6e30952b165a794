// turn, how far it has come → the chat that it is answered in, the reply that grows there
import { sessionKey, sessionKeyOf, type Turn } from '@omnicloud/protocol';
import type { SessionTable } from '@omnicloud/storage';
import type { TelegramApi } from '../telegram/telegram-types.ts';
import { type EditPace, LiveReply } from '../reply/live-reply.ts';
import { languageOf } from '../reply/texts.ts';
import { TelegramChat } from '../telegram/telegram-chat.ts';
import type { TurnProgress } from '../turn/turn-progress.ts';
import type { AgentServer } from './agent/agent-client.ts';
import { fetchSentFile } from './agent/agent-files.ts';
import { type KeepingDeps, whenRefused } from './kept/keep-answer.ts';
import type { Meter } from './meter.ts';
import type { ReplyContext } from './reply-context.ts';

export interface ReplyDeps extends KeepingDeps {
  readonly api: TelegramApi;
  readonly table: Pick<SessionTable, 'inherit'>;
  readonly pace: Record<'private' | 'group', EditPace>;
  readonly agent: AgentServer;
  readonly meter: Meter;
  readonly onError: (error: unknown, turn: Turn) => void;
}

/** @param replyTo the message that is answered: the turn's own, or the last of those it answers. */
export function openReply(
  turn: Turn,
  progress: TurnProgress,
  replyTo: number,
  deps: ReplyDeps,
): ReplyContext {
  const onError = (error: unknown): void => deps.onError(error, turn);
  const chat = new TelegramChat(deps.api, {
    chatId: turn.chat_id,
    threadId: turn.thread_id,
    isForum: turn.is_forum,
    replyTo,
    // Its service messages say the same, but they may have been missed.
    onMigrated: (chatId) => deps.table.inherit(sessionKey(chatId), sessionKey(turn.chat_id)).catch(onError),
  });
  if (progress.isOutsideTopic) chat.leaveTopic();
  const pace = turn.chat_type === 'private' ? deps.pace.private : deps.pace.group;
  return {
    turn,
    chat,
    reply: new LiveReply(chat, pace, onError, progress),
    progress,
    language: languageOf(turn.sender.language_code),
    fetchFile: (file) =>
      fetchSentFile(deps.agent, { sessionId: file.session_id, sessionKey: sessionKeyOf(turn) }, file),
    confirm: () => progress.confirm(),
    onError,
    onRefused: (context, error) => whenRefused(context, error, deps),
  };
}
