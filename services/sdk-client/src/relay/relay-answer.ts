// session lookup → agent server → text and tool lines onto the live reply → the answer, or why there is none
import {
  type RunEvent,
  sessionKeyOf,
  type Turn,
  type WireError,
  type WireErrorCode,
} from '@omnicloud/protocol';
import type { SessionTable } from '@omnicloud/session-table';
import { AgentUnreachableError } from '../errors.ts';
import type { Note } from '../reply/annotate-answer.ts';
import type { LiveReply } from '../reply/live-reply.ts';
import { type AgentServer, askAgent } from './agent-client.ts';

export type Relayed =
  | { kind: 'answered'; text: string; notes: readonly Note[] }
  /** The run reached its time limit; asked again, the agent goes on. */
  | { kind: 'paused'; text: string; notes: readonly Note[] }
  | { kind: 'failed'; code: WireErrorCode; isRetryable: boolean; error: unknown; busyUntil?: Date };

/** What is asked: the user's message, or, after a pause, to go on. */
export interface Request {
  readonly userMessage: string;
  /** The same for every try of this very request. */
  readonly idempotencyKey: string;
  /** What the user already reads of this answer. */
  readonly soFar: string;
}

/** Several leases long. In ms. */
const LONGEST_WAIT_MS = 60_000;
const LOOK_AGAIN_MS = 2_000;

export interface RelayDeps {
  readonly table: SessionTable;
  readonly agent: AgentServer;
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
  const first = await relayWhenFree(turn, request, known, reply, deps);
  if (first.kind !== 'failed' || first.code !== 'session_unknown' || known === undefined) return first;
  await deps.table.forget(sessionKey);
  const second = await relayFrom(turn, request, undefined, reply, deps);
  if (second.kind === 'failed') return second;
  return { ...second, notes: [{ kind: 'session_lost' }, ...second.notes] };
}

/**
 * A session is busy for a moment after its server was killed, until the lease runs out. That is no failure of this turn, so it
 * is waited for here instead of using up its tries.
 */
async function relayWhenFree(
  turn: Turn,
  asked: Request,
  sessionId: string | undefined,
  reply: LiveReply,
  deps: RelayDeps,
): Promise<Relayed> {
  const giveUpAt = Date.now() + LONGEST_WAIT_MS;
  for (;;) {
    const relayed = await relayFrom(turn, asked, sessionId, reply, deps);
    if (relayed.kind !== 'failed' || relayed.busyUntil === undefined || Date.now() > giveUpAt) return relayed;
    const waitMs = Math.max(0, relayed.busyUntil.getTime() - Date.now());
    // A little after it has run out, and not at the same moment as others; but the holder may also let go early.
    await pause(Math.min(waitMs, LOOK_AGAIN_MS) + Math.random() * 250);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function relayFrom(
  turn: Turn,
  asked: Request,
  sessionId: string | undefined,
  reply: LiveReply,
  deps: RelayDeps,
): Promise<Relayed> {
  const view = new GrowingAnswer(asked.soFar);
  const request = {
    sessionId,
    chatId: turn.chat_id,
    threadId: turn.thread_id,
    userMessage: asked.userMessage,
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
  };
  let answer: string | undefined;
  const notes: Note[] = [];
  try {
    for await (const event of askAgent(deps.agent, request, new AbortController().signal)) {
      if (event.type === 'accepted' && event.repaired !== undefined)
        notes.push({ kind: 'repaired', lostTurns: event.repaired });
      if (event.type === 'answer') answer = event.text;
      if (event.type === 'failed') return failed(event.error, answer);
      if (event.type === 'finished' && event.is_stopped) notes.push({ kind: 'stopped' });
      if (event.type === 'paused') return { kind: 'paused', text: answer ?? '', notes };
      if (view.take(event)) reply.show(view.markdown);
    }
  } catch (error) {
    if (!(error instanceof AgentUnreachableError)) throw error;
    return { kind: 'failed', code: 'internal', isRetryable: true, error };
  }
  return { kind: 'answered', text: answer ?? '', notes };
}

/** @returns two pieces of one answer, between which the agent was interrupted. */
export function joinAnswers(first: string, second: string): string {
  return [first, second].filter((part) => part.trim() !== '').join('\n\n');
}

function failed(error: WireError, answer: string | undefined): Relayed {
  // The agent has answered, and only saving it failed, again and again: running it once more would do its work twice.
  if (answer !== undefined && error.code === 'store_unavailable') {
    return { kind: 'answered', text: answer, notes: [{ kind: 'not_saved' }] };
  }
  const cause = new Error(`The agent server failed with ${error.code}: ${error.message}`);
  const busyUntil = error.details && { busyUntil: new Date(error.details.until) };
  return { kind: 'failed', code: error.code, isRetryable: error.retryable, error: cause, ...busyUntil };
}

/** What the user sees of an answer that is not complete: the text so far, and below it what the agent is doing. */
class GrowingAnswer {
  readonly #soFar: string;
  #text = '';
  readonly #running = new Map<string, string>();

  constructor(soFar: string) {
    this.#soFar = soFar;
  }

  get markdown(): string {
    const doing = [...this.#running.values()].at(-1);
    const text = joinAnswers(this.#soFar, this.#text);
    if (doing === undefined) return text;
    // In backticks, so that a file name is not read as Markdown.
    return `${text}\n\n⚙️ \`${doing.replaceAll('`', "'")}\``.trim();
  }

  /** @returns whether there is something new to show. */
  take(event: RunEvent): boolean {
    if (event.type === 'text') this.#text = this.#text.slice(0, event.offset) + event.delta;
    else if (event.type === 'tool' && event.phase === 'started')
      this.#running.set(event.tool_use_id, event.line);
    else if (event.type === 'tool') this.#running.delete(event.tool_use_id);
    else return false;
    return this.markdown !== '';
  }
}
