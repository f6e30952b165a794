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
  | { kind: 'failed'; code: WireErrorCode; isRetryable: boolean; error: unknown };

interface RelayDeps {
  readonly table: SessionTable;
  readonly agent: AgentServer;
}

/** Asks the agent and shows its answer growing. A session the server no longer has is replaced by a new one. */
export async function relayAnswer(
  turn: Turn,
  text: string,
  reply: LiveReply,
  deps: RelayDeps,
): Promise<Relayed> {
  const sessionKey = sessionKeyOf(turn);
  const known = (await deps.table.find(sessionKey))?.sessionId;
  const first = await relayFrom(turn, text, known, reply, deps);
  if (first.kind !== 'failed' || first.code !== 'session_unknown' || known === undefined) return first;
  await deps.table.forget(sessionKey);
  const second = await relayFrom(turn, text, undefined, reply, deps);
  if (second.kind === 'failed') return second;
  return { ...second, notes: [{ kind: 'session_lost' }, ...second.notes] };
}

async function relayFrom(
  turn: Turn,
  text: string,
  sessionId: string | undefined,
  reply: LiveReply,
  deps: RelayDeps,
): Promise<Relayed> {
  const view = new GrowingAnswer();
  const request = {
    sessionId,
    chatId: turn.chat_id,
    threadId: turn.thread_id,
    userMessage: text,
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
    idempotencyKey: `update-${turn.update_id}`,
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
      if (view.take(event)) reply.show(view.markdown);
    }
  } catch (error) {
    if (!(error instanceof AgentUnreachableError)) throw error;
    return { kind: 'failed', code: 'internal', isRetryable: true, error };
  }
  return { kind: 'answered', text: answer ?? '', notes };
}

function failed(error: WireError, answer: string | undefined): Relayed {
  // The agent has answered, and only saving it failed, again and again: running it once more would do its work twice.
  if (answer !== undefined && error.code === 'store_unavailable') {
    return { kind: 'answered', text: answer, notes: [{ kind: 'not_saved' }] };
  }
  const cause = new Error(`The agent server failed with ${error.code}: ${error.message}`);
  return { kind: 'failed', code: error.code, isRetryable: error.retryable, error: cause };
}

/** What the user sees of an answer that is not complete: the text so far, and below it what the agent is doing. */
class GrowingAnswer {
  #text = '';
  readonly #running = new Map<string, string>();

  get markdown(): string {
    const doing = [...this.#running.values()].at(-1);
    if (doing === undefined) return this.#text;
    // In backticks, so that a file name is not read as Markdown.
    return `${this.#text}\n\n⚙️ \`${doing.replaceAll('`', "'")}\``.trim();
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
