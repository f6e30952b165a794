// a request's body → its length → its share of what may be held → read → judged in another thread → ready to be sent
import type { IncomingMessage } from 'node:http';
import type { CallEstimate } from '../calls/counted-call.ts';
import type { FairShare, GiveBack } from '../limits/fair-share.ts';
import { JudgeError } from './judge-lane.ts';
import type { JudgeQuestion, JudgeReply } from './judge-message.ts';
import type { JudgePool } from './judge-pool.ts';
import { JsonTally } from '../limits/json-tally.ts';
import type { Refusal } from '../calls/provider-error.ts';
import { BODY_LIMITS, type ProxyLimits } from '../limits/proxy-limits.ts';
import { lengthOfBody, readBody } from './read-body.ts';
import { SentBody } from './sent-body.ts';

/** What the bodies of all grants have in common. */
export interface BodyTaker {
  readonly limits: ProxyLimits;
  readonly bytes: FairShare;
  readonly judges: JudgePool;
}

export interface BodyRequest {
  readonly request: IncomingMessage;
  /** What the share and the time are counted for. */
  readonly holder: object;
  readonly rules: Omit<JudgeQuestion, 'body'>;
  /** Aborts when nobody waits for the answer. */
  readonly signal: AbortSignal;
}

/**
 * A request that waits for its share has not been read, and holds nothing.
 * @returns the body as it is sent on, to be let go by the caller; or why there is none.
 * @throws AbortError when the signal aborts; Error when the sender goes away
 */
export async function takeBody(
  { limits, bytes, judges }: BodyTaker,
  { request, holder, rules, signal }: BodyRequest,
): Promise<{ body: SentBody; estimate: CallEstimate } | Refusal> {
  const length = lengthOfBody(request, limits.bodyBytes);
  if (typeof length !== 'number') return length;
  const giveBack = await shareOf(bytes, { holder, length, waitMs: limits.waitMs, signal });
  if (!giveBack) return { refusal: 'too_many', message: 'Too many large requests at once' };
  let isTaken = false;
  try {
    const tally = new JsonTally(BODY_LIMITS);
    const body = await readBody(request, {
      length,
      tally,
      deadlineMs: limits.bodyMs,
    });
    if ('refusal' in body) return body;
    const reply = await judgement(() =>
      judges.judge({ question: { ...rules, body }, items: tally.items, holder, signal }),
    );
    if ('refusal' in reply) return reply;
    if (!reply.allow) return { refusal: 'forbidden', message: reply.reason };
    signal.throwIfAborted();
    isTaken = true;
    return { body: new SentBody(reply.body, reply.sha256, giveBack), estimate: reply.estimate };
  } finally {
    if (!isTaken) giveBack();
  }
}

/** @returns nothing when it takes too long. */
async function shareOf(
  bytes: FairShare,
  { holder, length, waitMs, signal }: { holder: object; length: number; waitMs: number; signal: AbortSignal },
): Promise<GiveBack | undefined> {
  const late = AbortSignal.timeout(waitMs);
  try {
    return await bytes.take(holder, length, AbortSignal.any([signal, late]));
  } catch (error) {
    if (late.aborted && !signal.aborted) return undefined;
    throw error;
  }
}

/** @returns a refusal when the body itself could not be judged. */
async function judgement(judge: () => Promise<JudgeReply>): Promise<JudgeReply | Refusal> {
  try {
    return await judge();
  } catch (error) {
    if (!(error instanceof JudgeError)) throw error;
    return error.isTooSlow
      ? { refusal: 'unavailable', message: 'The request could not be judged in time' }
      : { refusal: 'too_large', message: 'The request is too large to be judged' };
  }
}
