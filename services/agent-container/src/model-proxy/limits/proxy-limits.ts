import type { JsonLimits } from './json-tally.ts';

const MB = 1024 * 1024;

/** What the proxy holds at most, and how long it waits. */
export interface ProxyLimits {
  /** Bodies of all grants together, from before they are read until the provider has begun to answer. */
  readonly heldBytes: number;
  readonly heldBytesOfGrant: number;
  /** Bedrock itself stops at 25 MB, Anthropic at 32 MB. */
  readonly bodyBytes: number;
  readonly requests: number;
  /** More than a CLI ever makes at once with all its subagents. */
  readonly requestsOfGrant: number;
  /** Connections of one server on which no request is being answered. */
  readonly idleConnections: number;
  readonly headersMs: number;
  /** How long a request waits for its share before it is refused; its body is not read meanwhile. */
  readonly waitMs: number;
  /** How long a body may take from its first byte to its last. */
  readonly bodyMs: number;
  /** How long an answer may lie here without the CLI's taking a byte of it. */
  readonly unreadMs: number;
  /** How long one body may be judged. */
  readonly judgeMs: number;
}

export const PROXY_LIMITS: ProxyLimits = {
  heldBytes: 96 * MB,
  heldBytesOfGrant: 48 * MB,
  bodyBytes: 32 * MB,
  requests: 256,
  requestsOfGrant: 24,
  idleConnections: 64,
  headersMs: 10_000,
  waitMs: 30_000,
  bodyMs: 30_000,
  unreadMs: 60_000,
  judgeMs: 30_000,
};

/**
 * A conversation that fills a context of a million tokens has about 4 MB of text and some ten thousand values. At these limits judging
 * takes half a second and 300 MB in its worker; without them, 30 MB of `{}` take 18 s and 1.9 GB.
 */
export const BODY_LIMITS: JsonLimits = {
  maxDepth: 128,
  maxItems: 250_000,
  maxKeysOfObject: 4_096,
  maxKeyBytes: 1_024,
  maxTokenBytes: 64,
};

/** One event of a stream, or a whole answer, which is parsed between other work: at most some 60 ms. */
export const ANSWER_LIMITS: JsonLimits = { ...BODY_LIMITS, maxItems: 100_000 };
/** An event is one delta; the longest known hold a whole tool input, or the results of a search. */
export const EVENT_BYTES = 4 * MB;
/** A whole answer has at most 128,000 tokens. */
export const MESSAGE_BYTES = 16 * MB;
