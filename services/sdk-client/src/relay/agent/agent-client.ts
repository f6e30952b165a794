// turn → POST /session/create | /session/{id}/message → NDJSON → events
import {
  type Attachment,
  decodeEvents,
  errorBodySchema,
  EventStreamError,
  HEARTBEAT_INTERVAL_MS,
  IDEMPOTENCY_HEADER,
  messagePath,
  NDJSON_MEDIA_TYPE,
  routes,
  type MissingFile,
  type RunEvent,
  type RunMetadata,
  SESSION_KEY_HEADER,
  sessionKey,
  type WireError,
} from '@omnicloud/protocol';
import { AgentUnreachableError } from '../../errors.ts';

/** What is read of an answer that refuses; an error has some hundred bytes. */
const MAX_ERROR_BYTES = 1024 * 1024;

export interface AgentServer {
  /** Without a trailing slash. */
  readonly url: string;
  readonly authToken: string;
  readonly fetch?: typeof fetch;
  /** After this silence the connection counts as dead, in ms; three heartbeats unless given. */
  readonly silenceMs?: number;
}

export interface AgentRequest {
  /** Undefined starts a new session. */
  readonly sessionId: string | undefined;
  readonly chatId: string;
  readonly threadId: string | null;
  readonly userMessage: string;
  /** Files that lie in the store for it. */
  readonly attachments?: readonly Attachment[];
  /** Files of the user that could not be had. */
  readonly missing?: readonly MissingFile[];
  readonly metadata: RunMetadata;
  /** The same for every try of one turn. */
  readonly idempotencyKey: string;
  /** The run is paused after this, because nobody listens any longer. In ms; no limit unless given. */
  readonly timeLimitMs?: number;
  /** Asks only for an answer that is saved under the key: nothing is run. */
  readonly isReplayOnly?: boolean;
}

/**
 * Asks the agent server.
 * @returns its events. A request that it refuses yields `failed` alone, like a run that fails.
 * @throws AgentUnreachableError when it gives no answer, or one that is not of the protocol.
 */
export async function* askAgent(
  server: AgentServer,
  request: AgentRequest,
  signal: AbortSignal,
): AsyncGenerator<RunEvent, void, undefined> {
  const silence = watchSilence(server.silenceMs ?? 3 * HEARTBEAT_INTERVAL_MS);
  let hasBegun = false;
  try {
    const response = await send(server, request, AbortSignal.any([signal, silence.signal]));
    if (!response.ok) {
      yield { type: 'failed', error: await refusal(response) };
      return;
    }
    for await (const event of decodeEvents(silence.watch(response.body ?? []))) {
      hasBegun = true;
      yield event;
    }
  } catch (error) {
    if (error instanceof AgentUnreachableError) throw error;
    // Something answered, and not with our protocol: a later try of this request may, but nothing says that the server is away.
    const isOther = error instanceof EventStreamError;
    const what = isOther || hasBegun ? 'broke off in the middle of an answer' : 'cannot be reached';
    throw new AgentUnreachableError(`The agent server ${what}`, {
      cause: error,
      isAway: !isOther && !hasBegun,
    });
  } finally {
    silence.stop();
  }
}

async function send(server: AgentServer, request: AgentRequest, signal: AbortSignal): Promise<Response> {
  const { sessionId, chatId, threadId, userMessage, metadata } = request;
  const { timeLimitMs, attachments = [], missing = [], isReplayOnly = false } = request;
  const limit = timeLimitMs === undefined ? {} : { time_limit_ms: Math.max(1_000, Math.floor(timeLimitMs)) };
  const attached = attachments.length === 0 ? {} : { attachments };
  const without =
    missing.length === 0 ? {} : { missing_files: missing.map(({ name, reason }) => ({ name, reason })) };
  const replay = isReplayOnly ? { replay_only: true } : {};
  const message = { user_message: userMessage, ...attached, ...without, metadata, ...limit, ...replay };
  return (server.fetch ?? fetch)(
    `${server.url}${sessionId === undefined ? routes.create : messagePath(sessionId)}`,
    {
      method: 'POST',
      headers: {
        authorization: `Bearer ${server.authToken}`,
        accept: NDJSON_MEDIA_TYPE,
        'content-type': 'application/json',
        [IDEMPOTENCY_HEADER]: request.idempotencyKey,
        [SESSION_KEY_HEADER]: sessionKey(chatId, threadId),
      },
      body: JSON.stringify(
        sessionId === undefined ? { chat_id: chatId, thread_id: threadId, ...message } : message,
      ),
      signal,
    },
  );
}

/**
 * @returns why the agent server did not carry out the request.
 * @throws AgentUnreachableError when it was not our server that answered.
 */
export async function refusal(response: Response): Promise<WireError> {
  try {
    return errorBodySchema.parse(JSON.parse(await shortText(response))).error;
  } catch (error) {
    // Not our server's words: a gateway between us.
    throw new AgentUnreachableError(
      `The agent server answered HTTP ${response.status} without an error of its protocol`,
      { cause: error, isAway: isOfGateway(response.status) },
    );
  }
}

/** @returns whether a gateway says with it that what stands behind it does not answer, or that it lets no more through now. */
function isOfGateway(status: number): boolean {
  return status >= 500 || status === 429 || status === 408;
}

/** @throws RangeError when the body is longer than any error of the protocol. */
async function shortText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const body: AsyncIterable<Uint8Array> | undefined = response.body ?? undefined;
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_ERROR_BYTES) throw new RangeError(`The error has more than ${MAX_ERROR_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** A silence is measured in so many parts, each by a timer of its own. */
const PARTS_OF_SILENCE = 10;

/**
 * Aborts when no byte came for a while: the server promises a heartbeat. Only time in which this process ran counts: after a machine's
 * sleep, one part of the silence has passed, and what came meanwhile is read before the next one ends.
 */
export function watchSilence(silenceMs: number): {
  signal: AbortSignal;
  watch: (
    body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ) => AsyncGenerator<Uint8Array, void, undefined>;
  stop: () => void;
} {
  const controller = new AbortController();
  let parts = 0;
  const timer = setInterval(() => {
    parts += 1;
    if (parts < PARTS_OF_SILENCE) return;
    clearInterval(timer);
    controller.abort(new Error(`No byte came for ${silenceMs} ms`));
  }, silenceMs / PARTS_OF_SILENCE);
  return {
    signal: controller.signal,
    async *watch(body) {
      for await (const chunk of body) {
        parts = 0;
        yield chunk;
      }
    },
    stop: () => clearInterval(timer),
  };
}
