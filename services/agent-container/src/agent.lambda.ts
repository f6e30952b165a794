// REST API event → request, with the function's deadline → the agent server → response stream → all runs at rest
import { httpStatusOf } from '@omnicloud/protocol';
import { endOnUnknownState } from '@omnicloud/settings';
import type { Context } from 'aws-lambda';
import { openContainer } from './open-container.ts';
import { parseAgentEnvironment } from './container-config.ts';
import { openAgentLog } from './agent-log.ts';
import { AgentError } from './errors.ts';
import { streamResponse } from './serve/hosts/lambda-stream.ts';
import { requestOf } from './serve/hosts/rest-api-event.ts';

/** Lambda itself ends an environment after an error that nobody met; in ms. */
const PLATFORM_MS = 1_000;

const config = parseAgentEnvironment();
const log = openAgentLog(config.service);
endOnUnknownState({ log: (message, error) => log.error(message, error), graceMs: PLATFORM_MS });
const server = await openContainer(config, log, true);

/** For a REST API with `responseTransferMode: STREAM`. Whatever still runs when it returned would be frozen, so it waits for that. */
export const handler = awslambda.streamifyResponse(async (event: unknown, output, context: Context) => {
  // At any time, also before the answer and after its end; nobody else listens then, and it would end the environment.
  output.on('error', (error: unknown) => log.error('The response stream', error));
  const deadlineAtMs = Date.now() + context.getRemainingTimeInMillis();
  const request = requestOf(event);
  const { tenantId } = context;
  const bindings = { deadlineAtMs, ...(tenantId === undefined ? {} : { tenantId }) };
  const response = request ? await server.fetch(request, bindings) : refusal();
  try {
    await streamResponse(response, output);
  } catch (error) {
    log.error('The reader has gone', error);
  }
  await server.atRest();
  // Lambda starts another environment. The answer must have left by then, so this comes after the handler's return, or with the next call.
  if (server.isSpent) endSoon();
});

const END_AFTER_MS = 200;

function endSoon(): void {
  log.error('Ending this environment', new AgentError('internal', 'Something of a run may be left in it'));
  setTimeout(() => process.exit(1), END_AFTER_MS);
}

function refusal(): Response {
  const error = new AgentError('bad_request', 'The event is none of a REST API');
  log.error('Reading an event', error);
  return Response.json({ error: error.toWire() }, { status: httpStatusOf(error.code) });
}
