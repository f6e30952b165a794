import type { Attachment, MissingFile, RunMetadata } from '@omnicloud/protocol';
import type { SessionTable } from '@omnicloud/storage';
import type { AgentError } from '../../errors.ts';
import type { AgentRuntime } from '../../run/agent-runtime.ts';
import type { LastTurn } from '../../session/last-turn.ts';
import type { HeldSession } from '../../session/lease/hold-session.ts';
import type { StoredSession } from '../../session/restore.ts';
import type { SessionStore } from '../../session/store/session-store.ts';
import type { MappingChange } from './save-mapping.ts';
import type { HomeDeps } from './occupy-home.ts';

export interface TurnDeps extends HomeDeps {
  readonly store: SessionStore;
  readonly table: SessionTable;
  readonly runtime: AgentRuntime;
  /** How long one request may take until the agent is interrupted and `paused`, in ms. No limit unless given. */
  readonly turnLimitMs?: number;
  /** @returns a signal that aborts when the time has passed, in ms; `AbortSignal.timeout` unless given. */
  readonly alarm?: (ms: number) => AbortSignal;
  /** Waits before further tries of a write that failed, in ms; up to some seconds together unless given. */
  readonly saveRetryDelaysMs?: readonly number[];
  /** Told of every failure that the caller only sees as a code. */
  readonly onError: (error: AgentError, sessionId: string) => void;
}

export interface TurnToRun {
  readonly sessionId: string;
  /** What becomes of the conversation's mapping when the turn is saved; nothing, when nobody said which conversation it is. */
  readonly mapping: MappingChange | undefined;
  readonly stored: StoredSession;
  /** The turn itself, when an earlier request under its key saved it, finished or not. */
  readonly answered: LastTurn | undefined;
  readonly userMessage: string;
  /** Files that the user sent with it, and the conversation that they are kept for. */
  readonly attachments: readonly Attachment[] | undefined;
  /** Files that the user sent with it, too, and that could not be fetched. */
  readonly missingFiles: readonly MissingFile[] | undefined;
  /** `chat_id:thread_id`, as far as it is known: where the user says stop, and where attachments come from. */
  readonly conversation: string | undefined;
  /** The same for every try of one turn. */
  readonly idempotencyKey: string | undefined;
  readonly metadata: RunMetadata | undefined;
  /** When the request arrived, by `performance.now()`. */
  readonly arrivedAtMs: number;
  /** The caller's own limit, from the arrival on; in ms. */
  readonly timeLimitMs: number | undefined;
  /** When the platform ends this request; ms since 1970. */
  readonly deadlineAtMs: number | undefined;
  /** The right to run the session; the caller lets it go. */
  readonly held: HeldSession;
  /** Aborts when the reader has gone. */
  readonly signal: AbortSignal;
}
