// one call of a grant → its body judged → within the grant's budget → the provider's answer, or why there is none
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CountedCall } from './calls/counted-call.ts';
import { forwardCall } from './upstream/forward-call.ts';
import type { ModelCall, Protocol } from './calls/model-call.ts';
import type { OpenGrant } from './calls/model-grant.ts';
import type { Refusal } from './calls/provider-error.ts';
import { type BodyTaker, takeBody } from './body/take-body.ts';
import type { Upstream } from './upstream/upstream.ts';

/** What all calls of a proxy have in common. */
export interface Caller extends BodyTaker {
  readonly protocol: Protocol;
  readonly isWebSearchOn: boolean;
  readonly upstream: Upstream;
}

export interface AskedCall {
  readonly call: ModelCall;
  readonly grant: OpenGrant;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Aborts when the grant is closed, or who asked is gone. */
  readonly signal: AbortSignal;
}

/**
 * @returns why the call is not answered, for the caller to say; nothing when it was.
 * @throws AgentError when the provider does not answer, and whatever breaks a request or a response in its middle
 */
export async function answerCall(caller: Caller, asked: AskedCall): Promise<Refusal | undefined> {
  const { protocol, isWebSearchOn, upstream, limits } = caller;
  const { call, grant, request, response, signal } = asked;
  if (call.kind === 'list-profiles') {
    // Whatever body it has is not read.
    const headers = { 'Content-Type': 'application/json', Connection: 'close' };
    response.writeHead(200, headers).end('{"inferenceProfileSummaries":[]}');
    return undefined;
  }
  const rules = { call, protocol, isWebSearchOn };
  const taken = await takeBody(caller, { request, holder: grant, rules, signal });
  if ('refusal' in taken) return taken;
  const { body, estimate } = taken;
  let counted: CountedCall | undefined;
  try {
    if (call.kind === 'generate') {
      counted = await grant.beginCall(estimate, signal);
      if (!counted) return { refusal: 'over_budget', message: 'This turn reached its token limit' };
    }
    const { unreadMs } = limits;
    const incoming = request.headers;
    await forwardCall({ call, body, counted, upstream, protocol, incoming, response, unreadMs, signal });
    grant.failure = undefined;
    return undefined;
  } finally {
    counted?.end();
    body.letGo();
  }
}
