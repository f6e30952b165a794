// REST API event → request, with the function's deadline → the agent server → response stream → all runs at rest
import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import { openAgentServer } from './agent-server.ts';
import { parseAgentEnvironment } from './container-config.ts';
import { openContainerLog } from './container-log.ts';
import { streamResponse } from './serve/lambda-stream.ts';
import { requestOf } from './serve/rest-api-event.ts';

const config = parseAgentEnvironment();
const log = openContainerLog(config.service);
const server = await openAgentServer(config, log, true);

/** For a REST API with `responseTransferMode: STREAM`. Whatever still runs when it returned would be frozen, so it waits for that. */
export const handler = awslambda.streamifyResponse(
  async (event: APIGatewayProxyEvent, output, context: Context) => {
    const deadlineAtMs = Date.now() + context.getRemainingTimeInMillis();
    const response = await server.fetch(requestOf(event), { deadlineAtMs });
    try {
      await streamResponse(response, output);
    } catch (error) {
      log.error('The reader has gone', error);
    }
    await server.atRest();
  },
);
