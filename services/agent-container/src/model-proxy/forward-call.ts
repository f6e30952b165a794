// one allowed call of the CLI → the provider → its response, chunk by chunk, counted on the way
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { AgentError } from '../errors.ts';
import type { ModelCall, Protocol } from './model-call.ts';
import type { OpenGrant } from './model-grant.ts';
import type { Upstream } from './upstream.ts';
import { usageMeter } from './usage-meter.ts';

/** Whatever else the CLI sends is about itself, or about the connection. */
const SENT_ON: Record<Protocol, readonly string[]> = {
  bedrock: ['accept', 'content-type', 'user-agent', 'x-amzn-bedrock-accept'],
  anthropic: ['accept', 'content-type', 'user-agent', 'anthropic-version', 'anthropic-beta'],
};
const HANDED_BACK =
  /^(content-type|content-length|date|retry-after|retry-after-ms|request-id|x-should-retry|x-amzn-.*|anthropic-ratelimit-.*)$/;

/**
 * @param signal ends the call, both ways
 * @throws AgentError when the provider does not answer, and whatever breaks a response in its middle
 */
export async function forwardCall(
  call: Exclude<ModelCall, { kind: 'list-profiles' }>,
  body: Buffer,
  grant: OpenGrant,
  upstream: Upstream,
  protocol: Protocol,
  incoming: IncomingHttpHeaders,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const answer = await upstream.post(call.path, headersSentOn(incoming, protocol), body, signal);
  const { statusCode = 502 } = answer;
  const meter = meterOf(call, answer, statusCode, grant);
  response.writeHead(statusCode, headersHandedBack(answer.headers));
  // Otherwise they would wait for the first chunk.
  response.flushHeaders();
  await (meter ? pipeline(answer, meter, response, { signal }) : pipeline(answer, response, { signal }));
}

/** @throws AgentError when an answer could not be counted. */
function meterOf(
  { kind }: ModelCall,
  answer: IncomingMessage,
  statusCode: number,
  grant: OpenGrant,
): ReturnType<typeof usageMeter> {
  if (kind !== 'generate' || statusCode < 200 || statusCode >= 300) return undefined;
  const encoding = answer.headers['content-encoding'] ?? 'identity';
  const meter =
    encoding === 'identity' ? usageMeter(answer.headers['content-type'], grant.countCall()) : undefined;
  if (meter) return meter;
  answer.destroy();
  throw new AgentError('model_unavailable', 'The model answered in a form that cannot be counted');
}

function headersSentOn(incoming: IncomingHttpHeaders, protocol: Protocol): Record<string, string> {
  const chosen = SENT_ON[protocol].flatMap((name) => {
    const value = incoming[name];
    return value === undefined ? [] : [[name, String(value)] as const];
  });
  // What is compressed could not be counted.
  return { ...Object.fromEntries(chosen), 'accept-encoding': 'identity' };
}

function headersHandedBack(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => HANDED_BACK.test(name)));
}
