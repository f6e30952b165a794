import type { Turn } from '@omnicloud/protocol';
import type { TelegramError } from '../errors.ts';
import type { Outcome } from '../queue/turn-queue.ts';
import type { LiveReply } from '../reply/live-reply.ts';
import type { Language } from '../reply/texts.ts';
import type { TelegramChat } from '../telegram/telegram-chat.ts';
import type { TurnFile } from '../turn/turn-record.ts';
import type { TurnProgress } from '../turn/turn-progress.ts';
import type { Fetched } from './agent/agent-files.ts';

/** How one turn is answered. */
export interface ReplyContext {
  readonly turn: Turn;
  readonly chat: TelegramChat;
  readonly reply: LiveReply;
  readonly progress: TurnProgress;
  readonly language: Language;
  /** @throws AgentUnreachableError */
  readonly fetchFile: (file: TurnFile) => Promise<Fetched<Uint8Array>>;
  /** @throws TurnTakenOverError when another delivery has gone on with the turn: then nothing more may be shown. */
  readonly confirm: () => Promise<void>;
  readonly onError: (error: unknown) => void;
  /** What becomes of an answer that the chat does not take. */
  readonly onRefused: (context: ReplyContext, error: TelegramError) => Promise<Outcome>;
}
