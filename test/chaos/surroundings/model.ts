// scripted agents and the real CLI → one model that quotes every question it is asked → what it was asked, for the checker
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono } from 'hono';
import { createBedrockStandIn } from '@omnicloud/demo/internal/model/wire/bedrock-wire.ts';
import type { ErrorStatus, ModelOutput } from '@omnicloud/demo/internal/model/wire/model-output.ts';
import { blocksOf, isSideRequest, isText } from '@omnicloud/demo/internal/model/wire/model-request.ts';
import { answerSideRequest } from '@omnicloud/demo/internal/model/wire/side-request.ts';
import type { ModelAsked, ModelFailure } from '../evidence/evidence.ts';
import { type ModelFault, ModelFaults } from '../harm/model-faults.ts';
import { answerMark, LONG_THOUGHT, type Mark, marksIn, questionsIn } from '../evidence/marks.ts';
import type { Random } from './random.ts';
import type { Spoken } from '../processes/scripted-runtime.ts';
import { serve } from './serve.ts';

export interface ChaosModel {
  readonly url: string;
  readonly asked: readonly ModelAsked[];
  /** The requests that it failed at. */
  readonly failures: readonly ModelFailure[];
  /** @returns whether it thinks about a question just now. */
  isWorkingOn(token: string): boolean;
  close(): Promise<void>;
}

const FILLER = 'Every word of this sentence is here to make the answer longer than one message can be. ';

/** How long a request hangs that is never answered, in ms. */
const HUNG_MS = 2_000;
/** Of the faults that are an answer. */
const STATUSES: Partial<Record<ModelFault, number>> = {
  refused: 503,
  overloaded: 529,
  throttled: 429,
  broken: 500,
};

/** How the model answers. */
export interface Manner {
  /** The share of answers that need more than one message. */
  readonly longShare: number;
  /** The longest that it thinks, in ms. */
  readonly thinkingMs: number;
  /** How long it thinks about what is to be stopped, in ms. */
  readonly longThoughtMs: number;
}

/** Starts the model on a free port: Bedrock's protocol for the CLI, `POST /scripted` for the scripted agents. */
export async function startModel(
  random: Random,
  { longShare, thinkingMs, longThoughtMs }: Manner,
): Promise<ChaosModel> {
  const asked: ModelAsked[] = [];
  const working = new Map<string, number>();
  const note = (tokens: readonly string[], change: 1 | -1): void => {
    for (const token of tokens) working.set(token, (working.get(token) ?? 0) + change);
  };
  const faults = new ModelFaults(random.fork('faults'));
  let runs = 0;

  const answer = async (messages: readonly Spoken[], signal: AbortSignal): Promise<Answer> => {
    const atMs = Date.now();
    const { tokens, said, history, speaker, isLong } = readConversation(messages);
    if (tokens.length === 0) throw new Error('The model was asked nothing that the harness had asked');
    // After a pause the same answer goes on; otherwise a new one begins.
    const run = said?.run ?? `r${(runs += 1)}`;
    const lot = random.occurrence(tokens.join(' '));
    const parts = said?.parts ?? (lot.chance(longShare) ? lot.integer(4, 8) : 1);
    // The client of a request may go away, and then the wait ends early.
    const fault = faults.faultOf(tokens);
    const isLongThought = isLong && !said && fault === undefined;
    const shortMs = fault === 'hung' ? HUNG_MS : lot.between(10, thinkingMs);
    const thinksForMs = isLongThought ? longThoughtMs : shortMs;
    note(tokens, 1);
    await Promise.race([delay(thinksForMs), signal.aborted || once(signal, 'abort')]);
    note(tokens, -1);
    asked.push({ tokens, run, atMs, endedAtMs: Date.now(), history, speaker });
    const missing = Array.from({ length: parts }, (_, index) => index + 1).slice(said?.part ?? 0);
    const text = missing
      .map((part) => {
        const marks = tokens.map((token) => answerMark({ token, run, part, parts }));
        return `${marks.join(' ')} ${parts > 1 ? FILLER.repeat(15) : 'That is all.'}`;
      })
      .join('\n\n');
    return { text, fault };
  };

  const app = new Hono<{ Bindings: HttpBindings }>();
  app.post('/scripted', async (context) => {
    const { text, fault } = await answer(await context.req.json<Spoken[]>(), context.req.raw.signal);
    const status = fault === undefined ? undefined : STATUSES[fault];
    if (status !== undefined) return new Response('The chaos made the model fail', { status });
    return fault === undefined ? context.text(text) : cutText(fault === 'cut' ? text : ' ', context.env);
  });
  const bedrock = createBedrockStandIn({
    respond: async function* (request, signal) {
      if (isSideRequest(request)) {
        yield { type: 'text', text: answerSideRequest(request) };
        return;
      }
      const messages = request.body.messages.map((message) => ({
        role: message.role === 'assistant' ? ('assistant' as const) : ('user' as const),
        text: blocksOf(message)
          .filter(isText)
          .map(({ text }) => text)
          .join('\n'),
      }));
      const { text, fault } = await answer(messages, signal);
      if (fault === undefined) yield { type: 'text', text };
      else if (fault === 'throttled') yield bedrockError(429, 'ThrottlingException');
      else if (fault === 'refused' || fault === 'overloaded')
        yield bedrockError(503, 'ServiceUnavailableException');
      else if (fault === 'broken') yield bedrockError(500, 'InternalServerException');
      else {
        if (fault === 'cut') yield { type: 'text', text: text.slice(0, text.length / 2) };
        yield { type: 'cut' };
      }
    },
  });
  const server = await serve((request, ...rest) =>
    new URL(request.url).pathname === '/scripted'
      ? app.fetch(request, ...(rest as []))
      : bedrock.fetch(request, ...(rest as [])),
  );
  return {
    url: server.url,
    asked,
    failures: faults.failures,
    isWorkingOn: (token) => (working.get(token) ?? 0) > 0,
    close: () => server.close(),
  };
}

interface Answer {
  readonly text: string;
  readonly fault: ModelFault | undefined;
}

function bedrockError(status: ErrorStatus, errorType: string): ModelOutput {
  return { type: 'error', status, errorType, message: 'The chaos made the model fail' };
}

/** Sends one half of the text, and ends the connection. */
function cutText(text: string, { outgoing }: HttpBindings): Response {
  outgoing.writeHead(200);
  outgoing.write(text.slice(0, text.length / 2), () => outgoing.destroy());
  return RESPONSE_ALREADY_SENT;
}

interface Conversation {
  /** What the latest user message with a question in it asks. */
  readonly tokens: string[];
  /** The last that was said to that; undefined when nothing was yet. */
  readonly said: Mark | undefined;
  /** What was asked before, and by which run it was answered. */
  readonly history: ModelAsked['history'];
  /** Who asks, as far as the model is told. */
  readonly speaker: number | undefined;
  readonly isLong: boolean;
}

/** What a prompt says of who wrote it, in a group. */
const SPEAKER = /Telegram id (\d+)\./;

function readConversation(messages: readonly Spoken[]): Conversation {
  const turns: { tokens: string[]; text: string; said?: Mark }[] = [];
  for (const { role, text } of messages) {
    const tokens = role === 'user' ? questionsIn(text) : [];
    if (tokens.length > 0) turns.push({ tokens, text });
    const last = turns.at(-1);
    const mark = role === 'assistant' ? marksIn(text).at(-1) : undefined;
    if (last && mark && last.tokens.includes(mark.token)) last.said = mark;
  }
  const now = turns.pop();
  const history = turns.flatMap(({ tokens, said }) => tokens.map((token) => ({ token, run: said?.run })));
  const [, speaker] = SPEAKER.exec(now?.text ?? '') ?? [];
  return {
    tokens: now?.tokens ?? [],
    said: now?.said,
    history,
    speaker: speaker === undefined ? undefined : Number(speaker),
    isLong: now?.text.includes(LONG_THOUGHT) ?? false,
  };
}
