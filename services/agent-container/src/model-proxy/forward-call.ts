// one allowed call of the CLI → the provider → its response, chunk by chunk, counted on the way
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AgentError } from '../errors.ts';
import type { CountedCall } from './counted-call.ts';
import type { Protocol, SentCall } from './model-call.ts';
import type { Upstream } from './upstream.ts';
import { usageMeter } from './usage-meter.ts';

/** Whatever else the CLI sends is about itself, or about the connection. */
const SENT_ON: Record<Protocol, readonly string[]> = {
  bedrock: ['accept', 'content-type', 'user-agent', 'x-amzn-bedrock-accept'],
  anthropic: ['accept', 'content-type', 'user-agent', 'anthropic-version', 'anthropic-beta'],
};
const HANDED_BACK =
  /^(content-type|content-length|date|retry-after|retry-after-ms|request-id|x-should-retry|x-amzn-.*|anthropic-ratelimit-.*)$/;

/** What a header of the CLI's may hold; anything else could be signed as one thing and read as another. */
const PLAIN = /^[\x20-\x7e]{1,4096}$/;

/**
 * @param counted takes what the call costs; nothing for one that costs nothing.
 * @param signal ends the call, both ways
 * @throws AgentError when the provider does not answer, and whatever breaks a response in its middle
 */
export async function forwardCall(
  call: SentCall,
  body: Buffer,
  counted: CountedCall | undefined,
  upstream: Upstream,
  protocol: Protocol,
  incoming: IncomingHttpHeaders,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  let isCharged = true;
  try {
    const answer = await upstream.post(call.path, headersSentOn(incoming, protocol), body, signal);
    const { statusCode = 502 } = answer;
    isCharged = statusCode >= 200 && statusCode < 300;
    const meter = isCharged && counted ? meterOf(answer, counted) : undefined;
    response.writeHead(statusCode, headersHandedBack(answer.headers));
    // Otherwise they would wait for the first chunk.
    response.flushHeaders();
    await (meter ? pipeline(answer, meter, response, { signal }) : pipeline(answer, response, { signal }));
  } catch (error) {
    if (signal.aborted && isCharged) counted?.cutOff();
    throw error;
  }
}

/** @throws AgentError when an answer could not be counted. */
function meterOf(answer: IncomingMessage, counted: CountedCall): Transform {
  const encoding = answer.headers['content-encoding'] ?? 'identity';
  const meter =
    encoding === 'identity'
      ? usageMeter(answer.headers['content-type'], (soFar) => counted.count(soFar))
      : undefined;
  if (meter) return meter;
  answer.destroy();
  throw new AgentError('model_unavailable', 'The model answered in a form that cannot be counted');
}

function headersSentOn(incoming: IncomingHttpHeaders, protocol: Protocol): Record<string, string> {
  const chosen = SENT_ON[protocol].flatMap((name) => {
    const value = incoming[name];
    return typeof value === 'string' && PLAIN.test(value) ? [[name, value] as const] : [];
  });
  // What is compressed could not be counted.
  return { ...Object.fromEntries(chosen), 'accept-encoding': 'identity' };
}

function headersHandedBack(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => HANDED_BACK.test(name)));
}
