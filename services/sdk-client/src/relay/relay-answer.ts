// session lookup → agent server → text and tool lines onto the live reply → the answer, or why there is none
import {
  type Attachment,
  type MissingFile,
  joinPieces,
  type RunEvent,
  type SentFile,
  sessionKeyOf,
  type Turn,
  type WireError,
  type WireErrorCode,
  type WorkspaceFigures,
} from '@omnicloud/protocol';
import type { SessionTable } from '@omnicloud/storage';
import { AgentUnreachableError, ClientError } from '../errors.ts';
import type { Note } from '../reply/annotate-answer.ts';
import { MAX_GROWING_LENGTH } from '../reply/bound-answer.ts';
import type { LiveReply } from '../reply/live-reply.ts';
import { type AgentServer, askAgent } from './agent/agent-client.ts';
import type { TurnFile } from '../turn/turn-record.ts';

export type Relayed =
  | { kind: 'answered'; text: string; notes: readonly Note[]; files: readonly TurnFile[] }
  /** The run reached its time limit; asked again, the agent goes on. */
  | { kind: 'paused'; text: string; notes: readonly Note[]; files: readonly TurnFile[] }
  | {
      kind: 'failed';
      code: WireErrorCode;
      isRetryable: boolean;
      error: unknown;
      /** What the agent server knows beside the code. */
      details?: WireError['details'];
      busyUntil?: Date;
      /** What was said and done before a failure that no later try repairs; the session has it. */
      reached?: { text: string; files: readonly TurnFile[] };
    };

/** What the agent is told. */
interface Message {
  readonly text: string;
  /** Files that lie in the store for it. */
  readonly attachments: readonly Attachment[];
  /** Files of the user that it has to do without. */
  readonly missing: readonly MissingFile[];
}

/** What is asked: the user's message, or, after a pause, to go on. */
export interface Request {
  readonly message: Message;
  /** What is asked instead where there is no session that could go on: the user's message. */
  readonly ifNew: Message;
  /** The same for every try of this very request. */
  readonly idempotencyKey: string;
  /** What the user already reads of this answer. */
  readonly soFar: string;
}

export type RunResult = Extract<RunEvent, { type: 'finished' | 'paused' }>;

export interface RelayDeps {
  readonly table: SessionTable;
  readonly agent: AgentServer;
  /** How long the caller can listen from now on, in ms; for ever unless given. */
  readonly timeLimitMs?: () => number;
  /** Asks only for an answer that is saved: nothing is run, and no conversation is left for a new one. */
  readonly isReplayOnly?: boolean;
  /** Ends the listening. */
  readonly signal?: AbortSignal;
  /** Sees everything that a run says. */
  readonly onEvent?: (event: RunEvent) => void;
  /** Told before a conversation that could not be found is left for a new one. */
  readonly onSessionLost?: () => Promise<void>;
  /** Told before anything else of a run whose conversation was repaired: how many turns it lacks. */
  readonly onRepaired?: (lostTurns: number) => Promise<void>;
  /** Told what a run took. */
  readonly onResult?: (result: RunResult) => void;
}

/** Asks the agent and shows its answer growing. A session the server no longer has is replaced by a new one. */
export async function relayAnswer(
  turn: Turn,
  request: Request,
  reply: LiveReply,
  deps: RelayDeps,
): Promise<Relayed> {
  const sessionKey = sessionKeyOf(turn);
  const known = (await deps.table.find(sessionKey))?.sessionId;
  const first = await relayFrom(turn, request, known, reply, deps);
  if (deps.isReplayOnly) return first;
  if (first.kind !== 'failed' || first.code !== 'session_unknown' || known === undefined) return first;
  await deps.onSessionLost?.();
  await deps.table.forget(sessionKey, known);
  return relayFrom(turn, request, undefined, reply, deps);
}

async function relayFrom(
  turn: Turn,
  asked: Request,
  sessionId: string | undefined,
  reply: LiveReply,
  deps: RelayDeps,
): Promise<Relayed> {
  const view = new GrowingAnswer(asked.soFar);
  const { text, attachments, missing } = sessionId === undefined ? asked.ifNew : asked.message;
  const request = {
    sessionId,
    chatId: turn.chat_id,
    threadId: turn.thread_id,
    userMessage: text,
    attachments,
    missing,
    metadata: {
      chat_type: turn.chat_type,
      ...(turn.chat_title === undefined ? {} : { chat_title: turn.chat_title }),
      message_id: turn.message_id,
      session_key: sessionKeyOf(turn),
      update_id: turn.update_id,
      sender: {
        id: turn.sender.id,
        name: turn.sender.name,
        ...(turn.sender.username === undefined ? {} : { username: turn.sender.username }),
      },
    },
    idempotencyKey: asked.idempotencyKey,
    ...(deps.timeLimitMs === undefined ? {} : { timeLimitMs: deps.timeLimitMs() }),
    ...(deps.isReplayOnly ? { isReplayOnly: true } : {}),
  };
  let answer: Extract<RunEvent, { type: 'answer' }> | undefined;
  const notes: Note[] = [];
  const sent: SentFile[] = [];
  let runsIn = sessionId ?? '';
  try {
    for await (const event of askAgent(deps.agent, request, deps.signal ?? new AbortController().signal)) {
      deps.onEvent?.(event);
      if (event.type === 'accepted' && event.repaired !== undefined) await deps.onRepaired?.(event.repaired);
      if (event.type === 'notice') notes.push(noteOn(event));
      if (event.type === 'answer') answer = event;
      if (event.type === 'file') sent.push(event);
      if (event.type === 'finished' || event.type === 'paused') {
        deps.onResult?.(event);
        notes.push(...notesOn(event.workspace));
      }
      if (event.type === 'accepted') runsIn = event.session_id;
      const files = sent.map((file) => turnFile(file, runsIn));
      const text = view.whole(answer?.text ?? '');
      if (event.type === 'failed') {
        if (answer?.is_partial && !event.error.retryable)
          return { ...failed(event.error), reached: { text, files } };
        // The agent has answered, and only saving it failed, again and again: running it once more would do its work twice.
        if (answer === undefined || event.error.code !== 'store_unavailable') return failed(event.error);
        notes.push({ kind: answer.is_partial ? 'partial_not_saved' : 'not_saved' });
        if (event.lost_files !== undefined) notes.push({ kind: 'sent_files_lost', count: event.lost_files });
        return { kind: 'answered', text, notes, files };
      }
      if (event.type === 'finished' || event.type === 'paused') {
        if (event.type === 'paused') return { kind: 'paused', text: view.pausedAt(text), notes, files };
        if (event.is_stopped) notes.push({ kind: 'stopped' });
        if (event.is_cut) notes.push({ kind: 'output_limit' });
        return { kind: 'answered', text, notes, files };
      }
      if (view.take(event)) reply.show(view.markdown);
    }
  } catch (error) {
    if (!(error instanceof AgentUnreachableError)) throw error;
    return {
      kind: 'failed',
      code: error.isAway ? 'agent_unavailable' : 'internal',
      isRetryable: true,
      error,
    };
  }
  throw new Error('An event stream that ends without a terminal event is an error before');
}

function turnFile({ file_id, name, size, caption }: SentFile, sessionId: string): TurnFile {
  return { file_id, name, size, ...(caption === undefined ? {} : { caption }), session_id: sessionId };
}

function noteOn({ notice, servers = [] }: Extract<RunEvent, { type: 'notice' }>): Note {
  return notice === 'compacted' ? { kind: notice } : { kind: notice, servers };
}

/** @returns what the user must learn of the files that the run had and left. */
function notesOn(workspace: WorkspaceFigures | undefined): Note[] {
  const notes: Note[] = [];
  if (workspace?.lost !== undefined) notes.push({ kind: 'files_lost', count: workspace.lost });
  if (workspace?.is_list_lost) notes.push({ kind: 'file_list_lost' });
  if (workspace?.is_over_limit) notes.push({ kind: 'workspace_over_limit' });
  return notes;
}

const PARAGRAPH_BREAK = '\n\n';

function failed(error: WireError): Extract<Relayed, { kind: 'failed' }> {
  const { retryable } = error;
  const message = `The agent server failed with ${error.code}: ${error.message}`;
  const cause = new ClientError(error.code, message, { retryable });
  const { until } = error.details ?? {};
  const busyUntil = error.code === 'session_busy' && until !== undefined && { busyUntil: new Date(until) };
  const { code, retryable: isRetryable, details } = error;
  return { kind: 'failed', code, isRetryable, error: cause, details, ...busyUntil };
}

/** Tools that are remembered as running; of more, the oldest are forgotten. */
const MAX_RUNNING = 100;

/** What the user sees of an answer that is not complete: the text so far, and below it what the agent is doing. */
class GrowingAnswer {
  readonly #soFar: string;
  #text = '';
  #beganWithTool = false;
  readonly #running = new Map<string, string>();

  constructor(soFar: string) {
    this.#soFar = soFar;
  }

  /** @returns this run's text below what earlier runs said; it goes on where they were interrupted, unless a tool ran first. */
  whole(text: string): string {
    if (!this.#beganWithTool) return joinPieces(this.#soFar, text);
    return [this.#soFar, text].filter((part) => part.trim() !== '').join(PARAGRAPH_BREAK);
  }

  /** @returns a text that the next run goes on with; interrupted in a tool, it was at the end of a paragraph. */
  pausedAt(text: string): string {
    return this.#running.size > 0 && text.trim() !== '' ? text + PARAGRAPH_BREAK : text;
  }

  get markdown(): string {
    const doing = [...this.#running.values()].at(-1);
    const text = this.whole(this.#text);
    if (doing === undefined) return text;
    // In backticks, so that a file name is not read as Markdown.
    return `${text}\n\n⚙️ \`${doing.replaceAll('`', "'")}\``.trim();
  }

  /** @returns whether there is something new to show. */
  take(event: RunEvent): boolean {
    if (event.type === 'text')
      this.#text = (this.#text.slice(0, event.offset) + event.delta).slice(0, MAX_GROWING_LENGTH);
    else if (event.type === 'tool' && event.phase === 'started') {
      this.#beganWithTool ||= this.#text === '';
      this.#running.delete(event.tool_use_id);
      this.#running.set(event.tool_use_id, event.line);
      const [oldest] = this.#running.keys();
      if (this.#running.size > MAX_RUNNING && oldest !== undefined) this.#running.delete(oldest);
    } else if (event.type === 'tool') this.#running.delete(event.tool_use_id);
    else return false;
    return this.markdown !== '';
  }
}
