// scripted agents and the real CLI → one model that quotes the question → what it was asked, for the checker
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Hono } from 'hono';
import { createBedrockStandIn } from '../../local/src/demo-model/bedrock-wire.ts';
import { blocksOf, isSideRequest, isText } from '../../local/src/demo-model/model-request.ts';
import { answerSideRequest } from '../../local/src/demo-model/side-request.ts';
import type { ModelAsked } from './evidence.ts';
import { answerMark, marksIn, questionsIn } from './marks.ts';
import type { Random } from './random.ts';
import type { Spoken } from './scripted-runtime.ts';
import { serve } from './serve.ts';

export interface ChaosModel {
  readonly url: string;
  readonly asked: readonly ModelAsked[];
  close(): Promise<void>;
}

/** The share of answers that need more than one message. */
const LONG_SHARE = 0.1;
const FILLER = 'Every word of this sentence is here to make the answer longer than one message can be. ';
const THINKING_MS = 250;

/** Starts the model on a free port: Bedrock's protocol for the CLI, `POST /scripted` for the scripted agents. */
export async function startModel(random: Random): Promise<ChaosModel> {
  const asked: ModelAsked[] = [];
  let runs = 0;

  const answer = async (messages: readonly Spoken[], signal: AbortSignal): Promise<string> => {
    const atMs = Date.now();
    const token = messages.flatMap(({ role, text }) => (role === 'user' ? questionsIn(text) : [])).at(-1);
    if (token === undefined) throw new Error('The model was asked nothing that the harness had asked');
    runs += 1;
    const run = `r${runs}`;
    const parts = random.chance(LONG_SHARE) ? random.integer(4, 8) : 1;
    // The client of a request may go away, and then the wait ends early.
    await Promise.race([delay(random.between(10, THINKING_MS)), signal.aborted || once(signal, 'abort')]);
    asked.push({ token, atMs, endedAtMs: Date.now(), history: historyOf(messages) });
    return Array.from({ length: parts }, (_, index) => {
      const mark = answerMark({ token, run, part: index + 1, parts });
      return `${mark} ${parts > 1 ? FILLER.repeat(15) : 'That is all.'}`;
    }).join('\n\n');
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

/** Everything but the question itself, which comes last. */
function historyOf(messages: readonly Spoken[]): ModelAsked['history'] {
  const turns: { token: string; run: string | undefined }[] = [];
  for (const { role, text } of messages) {
    if (role === 'user') turns.push(...questionsIn(text).map((token) => ({ token, run: undefined })));
    const last = turns.at(-1);
    const mark = role === 'assistant' ? marksIn(text).at(-1) : undefined;
    if (last && mark?.token === last.token) last.run = mark.run;
  }
  return turns.slice(0, -1);
}
