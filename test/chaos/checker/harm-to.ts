import { cliOf } from '../processes/chaos-process.ts';
import type { AgentAsked, Blow, Evidence } from '../evidence/evidence.ts';

/** A span of time in the work on one conversation. Times are ms since 1970. */
export interface Span {
  readonly session: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** A worker that was last seen at a conversation so long ago is still at it, in ms: it shows its typing only every 4 s. */
const SEEN_FOR_MS = 4_500;
/** A worker that was about to be seen, in ms. */
const SEEN_SOON_MS = 500;
/** One failed call to Telegram is made again by the same worker; so many of them end a try. */
const FAILED_CALLS_OF_A_TRY = 5;

/** @returns how many tries at most the harm has cost that was done to the work on a conversation, and to nothing else. */
export function triesLost(span: Span, evidence: Evidence): number {
  const asks = asksIn(span, evidence);
  const untended = asks.filter(isUntended);
  const refused = evidence.calls.filter(
    (call) =>
      call.session === span.session && isIn(call.atMs, span) && (!call.isCarriedOut || call.isAnswerLost),
  );
  return (
    untended.length +
    storesFailed(span, evidence) +
    blowsOn(span, asks, evidence) +
    Math.floor(refused.length / FAILED_CALLS_OF_A_TRY)
  );
}

/** @returns whether an agent server gave no answer: there was none, the connection to it was cut, or it was killed or frozen meanwhile. */
export function hasAgentFailed(span: Span, evidence: Evidence): boolean {
  const asks = asksIn(span, evidence);
  return asks.some(isUntended) || evidence.blows.some((blow) => isLost(blow) && hitsAgent(blow, asks));
}

function asksIn(span: Span, { asks }: Evidence): AgentAsked[] {
  return asks.filter((ask) => ask.session === span.session && overlaps(ask, span));
}

function isUntended({ ending, agent, endedAtMs }: AgentAsked): boolean {
  return ending === 'cut' || (agent === undefined && endedAtMs < Infinity);
}

/** For the end of what is wrong with a disk the system waits, and a clock it must not trust. */
function isLost({ kind }: Blow): boolean {
  return kind === 'kill' || kind === 'freeze';
}

function hitsAgent(blow: Blow, asks: readonly AgentAsked[]): boolean {
  return asks.some(
    ({ agent, ...ask }) =>
      agent !== undefined &&
      (agent === blow.process || cliOf(agent) === blow.process) &&
      touches(blow, ask, 0),
  );
}

/** @returns how many calls to the stores failed that were made for the conversation. */
export function storesFailed(span: Span, { storeFailures }: Evidence): number {
  return storeFailures.filter(({ session, atMs }) => session === span.session && isIn(atMs, span)).length;
}

/** @returns whether the disk of a worker or of an agent server was full meanwhile. */
export function wasDiskFull({ fromMs, untilMs }: Span, { blows }: Evidence): boolean {
  return blows.some(
    (blow) =>
      blow.kind === 'disk full' &&
      !blow.process.startsWith('webhook') &&
      blow.atMs <= untilMs &&
      blow.untilMs >= fromMs,
  );
}

function blowsOn(span: Span, asks: readonly AgentAsked[], evidence: Evidence): number {
  const seen = [...evidence.typing, ...evidence.calls]
    .filter(({ session, atMs }) => session === span.session && isIn(atMs, span))
    .map(({ sender, atMs }) => ({ worker: sender, atMs, endedAtMs: atMs }));
  const presences = [...seen, ...asks];
  return evidence.blows.filter((blow) => {
    if (!isLost(blow)) return false;
    if (blow.atMs > span.untilMs || endOf(blow) < span.fromMs) return false;
    return (
      hitsAgent(blow, asks) ||
      presences.some((one) => one.worker === blow.process && touches(blow, one, SEEN_FOR_MS))
    );
  }).length;
}

/** @returns whether the blow fell while something went on, or soon after or before it was seen. */
function touches(
  blow: Blow,
  { atMs, endedAtMs }: { readonly atMs: number; readonly endedAtMs: number },
  afterMs: number,
): boolean {
  return blow.atMs <= endedAtMs + afterMs && endOf(blow) >= atMs - (afterMs === 0 ? 0 : SEEN_SOON_MS);
}

function endOf({ kind, atMs, untilMs }: Blow): number {
  return kind === 'kill' ? atMs : untilMs;
}

function overlaps({ atMs, endedAtMs }: AgentAsked, { fromMs, untilMs }: Span): boolean {
  return atMs <= untilMs && endedAtMs >= fromMs;
}

function isIn(atMs: number, { fromMs, untilMs }: Span): boolean {
  return atMs >= fromMs && atMs <= untilMs;
}
