// one allowed call of the CLI → the provider → its response, chunk by chunk, counted on the way
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AgentError } from '../../errors.ts';
import type { CountedCall } from '../calls/counted-call.ts';
import type { Protocol, SentCall } from '../calls/model-call.ts';
import { providerFailure } from '../calls/provider-failure.ts';
import type { SentBody } from '../body/sent-body.ts';
import { cutWhenUnread } from './unread-answer.ts';
import type { Upstream } from './upstream.ts';
import { usageMeter } from '../usage/usage-meter.ts';

/** Whatever else the CLI sends is about itself, or about the connection. */
const SENT_ON: Record<Protocol, readonly string[]> = {
  bedrock: ['accept', 'content-type', 'user-agent', 'x-amzn-bedrock-accept'],
  anthropic: ['accept', 'content-type', 'user-agent', 'anthropic-version', 'anthropic-beta'],
};
const HANDED_BACK =
  /^(content-type|content-length|date|retry-after|retry-after-ms|request-id|x-should-retry|x-amzn-.*|anthropic-ratelimit-.*)$/;

/** What a header of the CLI's may hold; anything else could be signed as one thing and read as another. */
const PLAIN = /^[\x20-\x7e]{1,4096}$/;

export interface ForwardedCall {
  readonly call: SentCall;
  /** Is let go when the provider has begun to answer. */
  readonly body: SentBody;
  /** Takes what the call costs; nothing for one that costs nothing. */
  readonly counted: CountedCall | undefined;
  readonly upstream: Upstream;
  readonly protocol: Protocol;
  /** The headers that the call came with. */
  readonly incoming: IncomingHttpHeaders;
  readonly response: ServerResponse;
  /** How long the answer may lie here unread, in milliseconds. */
  readonly unreadMs: number;
  /** Ends the call, both ways. */
  readonly signal: AbortSignal;
}

/** @throws AgentError when the provider does not answer, or only with what `providerFailure` knows, and whatever breaks a response in its middle */
export async function forwardCall(forwarded: ForwardedCall): Promise<void> {
  const { call, body, counted, upstream, protocol, incoming, response, unreadMs, signal } = forwarded;
  signal.throwIfAborted();
  let isCharged = true;
  const endWatch = cutWhenUnread(response, unreadMs);
  try {
    const headers = headersSentOn(incoming, protocol);
    const answer = await upstream.post({ path: call.path, headers, body, signal });
    body.letGo();
    const { statusCode = 502 } = answer;
    // Who only counts may lack a permission that nobody needs.
    const failure = call.kind === 'generate' && providerFailure(answer, { protocol, model: call.model });
    if (failure) throw await withProviderWords(failure, answer);
    isCharged = statusCode >= 200 && statusCode < 300;
    const meter = isCharged && counted ? meterOf(answer, counted) : undefined;
    response.writeHead(statusCode, headersHandedBack(answer.headers));
    // Otherwise they would wait for the first chunk.
    response.flushHeaders();
    await (meter ? pipeline(answer, meter, response, { signal }) : pipeline(answer, response, { signal }));
  } catch (error) {
    if (signal.aborted && isCharged) counted?.cutOff();
    throw error;
  } finally {
    endWatch();
  }
}

/** What an error says has some hundred bytes. */
const MAX_WORDS = 2_048;

/**
 * @returns the failure with what the provider says of it as its cause, for the log: often who lacks which right. What it says of keys is not
 *   read, because AWS quotes the signed request.
 */
async function withProviderWords(failure: AgentError, answer: IncomingMessage): Promise<AgentError> {
  const words: Buffer[] = [];
  let length = 0;
  if (failure.code !== 'model_keys') {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      words.push(chunk);
      length += chunk.length;
      if (length >= MAX_WORDS) break;
    }
  }
  answer.destroy();
  if (length === 0) return failure;
  const { code, message, details } = failure;
  const said = Buffer.concat(words).toString('utf8').slice(0, MAX_WORDS);
  return new AgentError(code, message, { details, cause: new Error(said, { cause: failure.cause }) });
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
