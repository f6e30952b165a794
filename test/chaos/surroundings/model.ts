// scripted agents and the real CLI → one model that quotes every question it is asked → what it was asked, for the checker
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Hono } from 'hono';
import { createBedrockStandIn } from '../../../local/src/demo-model/bedrock-wire.ts';
import { blocksOf, isSideRequest, isText } from '../../../local/src/demo-model/model-request.ts';
import { answerSideRequest } from '../../../local/src/demo-model/side-request.ts';
import type { ModelAsked } from '../evidence/evidence.ts';
import { answerMark, type Mark, marksIn, questionsIn } from '../evidence/marks.ts';
import type { Random } from './random.ts';
import type { Spoken } from '../processes/scripted-runtime.ts';
import { serve } from './serve.ts';

export interface ChaosModel {
  readonly url: string;
  readonly asked: readonly ModelAsked[];
  close(): Promise<void>;
}

const FILLER = 'Every word of this sentence is here to make the answer longer than one message can be. ';

/** How the model answers. */
export interface Manner {
  /** The share of answers that need more than one message. */
  readonly longShare: number;
  /** The longest that it thinks, in ms. */
  readonly thinkingMs: number;
}

/** Starts the model on a free port: Bedrock's protocol for the CLI, `POST /scripted` for the scripted agents. */
export async function startModel(random: Random, { longShare, thinkingMs }: Manner): Promise<ChaosModel> {
  const asked: ModelAsked[] = [];
  let runs = 0;

  const answer = async (messages: readonly Spoken[], signal: AbortSignal): Promise<string> => {
    const atMs = Date.now();
    const { tokens, said, history } = readConversation(messages);
    if (tokens.length === 0) throw new Error('The model was asked nothing that the harness had asked');
    // After a pause the same answer goes on; otherwise a new one begins.
    const run = said?.run ?? `r${(runs += 1)}`;
    const lot = random.occurrence(tokens.join(' '));
    const parts = said?.parts ?? (lot.chance(longShare) ? lot.integer(4, 8) : 1);
    // The client of a request may go away, and then the wait ends early.
    await Promise.race([delay(lot.between(10, thinkingMs)), signal.aborted || once(signal, 'abort')]);
    asked.push({ tokens, run, atMs, endedAtMs: Date.now(), history });
    const missing = Array.from({ length: parts }, (_, index) => index + 1).slice(said?.part ?? 0);
    return missing
      .map((part) => {
        const marks = tokens.map((token) => answerMark({ token, run, part, parts }));
        return `${marks.join(' ')} ${parts > 1 ? FILLER.repeat(15) : 'That is all.'}`;
      })
      .join('\n\n');
  };

  const app = new Hono();
  app.post('/scripted', async (context) => {
    return context.text(await answer(await context.req.json<Spoken[]>(), context.req.raw.signal));
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
      yield { type: 'text', text: await answer(messages, signal) };
    },
  });
  const server = await serve((request, ...rest) =>
    new URL(request.url).pathname === '/scripted'
      ? app.fetch(request, ...(rest as []))
      : bedrock.fetch(request, ...(rest as [])),
  );
  return { url: server.url, asked, close: () => server.close() };
}

interface Conversation {
  /** What the latest user message with a question in it asks. */
  readonly tokens: string[];
  /** The last that was said to that; undefined when nothing was yet. */
  readonly said: Mark | undefined;
  /** What was asked before, and by which run it was answered. */
  readonly history: ModelAsked['history'];
}

function readConversation(messages: readonly Spoken[]): Conversation {
  const turns: { tokens: string[]; said?: Mark }[] = [];
  for (const { role, text } of messages) {
    const tokens = role === 'user' ? questionsIn(text) : [];
    if (tokens.length > 0) turns.push({ tokens });
    const last = turns.at(-1);
    const mark = role === 'assistant' ? marksIn(text).at(-1) : undefined;
    if (last && mark && last.tokens.includes(mark.token)) last.said = mark;
  }
  const now = turns.pop();
  const history = turns.flatMap(({ tokens, said }) => tokens.map((token) => ({ token, run: said?.run })));
  return { tokens: now?.tokens ?? [], said: now?.said, history };
}
