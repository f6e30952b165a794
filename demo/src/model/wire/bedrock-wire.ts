// Bedrock's runtime API, as far as a client of Claude models uses it, in front of any `Respond`
import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { estimateInputTokens, wholeMessage } from './anthropic-message.ts';
import { EVENT_STREAM_MEDIA_TYPE } from './event-stream-frame.ts';
import type { ErrorStatus, Failure, ModelOutput, Part, Respond } from './model-output.ts';
import { isPart } from './model-output.ts';
import { type ModelRequest, modelRequestBodySchema } from './model-request.ts';
import { streamAnswer } from './stream-answer.ts';

/** Real Bedrock stops at 25 MB; the stand-in is not what a test of large images should fail on. */
const MAX_BODY_BYTES = 50 * 1024 * 1024;

/** The HTTP statuses of Bedrock's errors, for an exception that meets a request without a stream. */
const EXCEPTION_STATUSES: Partial<Record<string, ErrorStatus>> = {
  accessdeniedexception: 403,
  modelnotreadyexception: 429,
  modelstreamerrorexception: 424,
  modeltimeoutexception: 408,
  serviceunavailableexception: 503,
  throttlingexception: 429,
  validationexception: 400,
};

/** Served in-process (a test's `app.request`) there is no connection under the request. */
interface StandInEnv {
  Bindings: Partial<HttpBindings>;
}

const countTokensSchema = z.looseObject({
  input: z.union([
    z.object({ invokeModel: z.object({ body: z.base64() }) }),
    z.object({ converse: z.looseObject({}) }),
  ]),
});

/**
 * Bedrock's `invoke`, `invoke-with-response-stream`, `count-tokens` and an empty list of inference profiles. Requests
 * need no signature. The app may be mounted under any path.
 * A `respond` that throws before its first output is answered with `InternalServerException`; later, the stream breaks.
 */
export function createBedrockStandIn({ respond }: { respond: Respond }): Hono<StandInEnv> {
  const app = new Hono<StandInEnv>();
  app.use(async (context, next) => {
    await next();
    if (context.res !== RESPONSE_ALREADY_SENT) context.header('x-amzn-RequestId', randomUUID());
  });
  app.use(bodyLimit({ maxSize: MAX_BODY_BYTES, onError: (context) => tooLarge(context) }));
  app.onError((error, context) =>
    errorResponse(context, { status: 500, errorType: 'InternalServerException', message: String(error) }),
  );

  app.get('/inference-profiles', (context) => context.json({ inferenceProfileSummaries: [] }));

  app.post('/model/:modelId{.+}/count-tokens', async (context) => {
    const parsed = countTokensSchema.safeParse(await readJson(context));
    if (!parsed.success) return invalid(context, parsed.error);
    const { input } = parsed.data;
    const body = 'converse' in input ? input.converse : decodeJson(input.invokeModel.body);
    const request = modelRequestBodySchema.omit({ max_tokens: true }).safeParse(body);
    if (!request.success) return invalid(context, request.error);
    const counted = { modelId: '', stream: false, body: { ...request.data, max_tokens: 1 } };
    return context.json({ inputTokens: estimateInputTokens(counted) });
  });

  app.post('/model/:modelId{.+}/invoke', (context) => answer(context, respond, false));
  app.post('/model/:modelId{.+}/invoke-with-response-stream', (context) => answer(context, respond, true));
  return app;
}

async function answer(context: Context<StandInEnv>, respond: Respond, stream: boolean): Promise<Response> {
  const parsed = modelRequestBodySchema.safeParse(await readJson(context));
  if (!parsed.success) return invalid(context, parsed.error);
  const request = { modelId: context.req.param('modelId') ?? '', stream, body: parsed.data };
  const abandoned = new AbortController();
  const signal = AbortSignal.any([context.req.raw.signal, abandoned.signal]);
  const outputs = respond(request, signal)[Symbol.asyncIterator]();
  if (!stream) return wholeAnswer(context, request, outputs);

  const first = await outputs.next();
  if (!first.done && (first.value.type === 'error' || first.value.type === 'cut')) {
    await outputs.return?.();
    return failure(context, first.value);
  }
  const body = streamAnswer(request, rejoin(first, outputs), {
    cut: () => cutConnection(context),
    abandon: () => abandoned.abort(),
  });
  return context.body(body, 200, {
    'Content-Type': EVENT_STREAM_MEDIA_TYPE,
    'X-Amzn-Bedrock-Content-Type': 'application/json',
    // Said outright, the server sends the headers at once, rather than wait whether the body is over soon.
    'Transfer-Encoding': 'chunked',
  });
}

async function wholeAnswer(
  context: Context<StandInEnv>,
  request: ModelRequest,
  outputs: AsyncIterator<ModelOutput>,
): Promise<Response> {
  const parts: Part[] = [];
  for await (const output of { [Symbol.asyncIterator]: () => outputs }) {
    if (!isPart(output)) return failure(context, output);
    parts.push(output);
  }
  return context.json(wholeMessage(request, parts));
}

async function* rejoin(
  first: IteratorResult<ModelOutput>,
  rest: AsyncIterator<ModelOutput>,
): AsyncGenerator<ModelOutput, void, undefined> {
  if (first.done) return;
  yield first.value;
  yield* { [Symbol.asyncIterator]: () => rest };
}

function failure(context: Context<StandInEnv>, output: Failure): Response {
  if (output.type === 'cut' || output.type === 'end') {
    cutConnection(context);
    return RESPONSE_ALREADY_SENT;
  }
  const status =
    output.type === 'error' ? output.status : (EXCEPTION_STATUSES[output.errorType.toLowerCase()] ?? 500);
  return errorResponse(context, { status, errorType: output.errorType, message: output.message });
}

/** What was written before still goes out; then the connection ends in the middle of the message. */
function cutConnection(context: Context<StandInEnv>): void {
  const socket = context.env.outgoing?.socket;
  if (!socket) throw new Error('Only an answer served over a connection can be cut');
  socket.destroySoon();
}

function errorResponse(
  context: Context,
  {
    status,
    errorType,
    message,
  }: { readonly status: ErrorStatus; readonly errorType: string; readonly message: string },
): Response {
  const name = errorType.slice(0, 1).toUpperCase() + errorType.slice(1);
  return context.json({ message }, status, { 'x-amzn-ErrorType': name });
}

function invalid(context: Context, error: z.ZodError): Response {
  return errorResponse(context, {
    status: 400,
    errorType: 'ValidationException',
    message: `Malformed request: ${z.prettifyError(error)}`,
  });
}

function tooLarge(context: Context): Response {
  return errorResponse(context, {
    status: 413,
    errorType: 'ValidationException',
    message: `The body exceeds ${MAX_BODY_BYTES} bytes`,
  });
}

/** @returns `undefined` for what is not JSON, which no schema accepts. */
async function readJson(context: Context): Promise<unknown> {
  return parseJson(await context.req.text());
}

function decodeJson(base64: string): unknown {
  return parseJson(Buffer.from(base64, 'base64').toString('utf8'));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
