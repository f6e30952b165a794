import { sessionKeyOf, type Turn } from '@omnicloud/protocol';
import type { Outcome, TurnQueue } from '../../queue/turn-queue.ts';
import { listFiles } from '../../reply/list-files.ts';
import { TEXTS } from '../../reply/texts.ts';
import { fetchFileList } from '../agent/agent-files.ts';
import { readSession, type SessionReaderDeps } from './read-session.ts';
import { sendArchive } from './send-archive.ts';
import { type StopDeps, stopTurns } from './stop-turns.ts';
import { say } from '../deliver-answer.ts';
import type { ReplyContext } from '../reply-context.ts';

export interface CommandDeps extends SessionReaderDeps, Omit<StopDeps, 'table'> {
  readonly table: SessionReaderDeps['table'] & StopDeps['table'];
  readonly queue: Pick<TurnQueue, 'waiting' | 'hurry'> & StopDeps['queue'];
  /** The Telegram user id of who runs the bot; without one, what is for the owner is for nobody. */
  readonly ownerId?: string;
}

export type CommandAsk = Extract<Turn['ask'], { kind: 'command' }>;

/** Answers a command that is not for the agent. */
export async function obeyCommand(
  turn: Turn,
  { command }: CommandAsk,
  context: ReplyContext,
  deps: CommandDeps,
): Promise<Outcome> {
  const texts = TEXTS[context.language];
  switch (command) {
    case 'start':
      return say(context, texts.welcome);
    case 'help':
      return say(context, texts.help);
    case 'status': {
      const mapping = await deps.table.find(sessionKeyOf(turn));
      const waiting = await waitingIn(sessionKeyOf(turn), deps);
      return say(
        context,
        texts.status({ sessionId: mapping?.sessionId, lastUsed: mapping?.savedAt, waiting }),
      );
    }
    case 'files':
      return readSession(turn, context, deps, fetchFileList, (files) =>
        say(context, listFiles(files, context.language)),
      );
    case 'export':
      return sendArchive(turn, 'export', context, deps);
    case 'debug':
      return turn.sender.id === deps.ownerId
        ? sendArchive(turn, 'debug', context, deps)
        : say(context, texts.ownerOnly);
    case 'stop':
      return stopTurns(turn, context, deps);
    case 'new':
      return say(context, texts.newSession);
  }
}

/** A queue that cannot tell what waits in it is asked through the backlog, whose first entry is the one being answered. */
async function waitingIn(sessionKey: string, { queue, backlog }: CommandDeps): Promise<number> {
  return (await queue.waiting(sessionKey)) ?? Math.max(0, (await backlog.list(sessionKey)).length - 1);
}
