// method and target of a request → the grant's token, and the one model call that they stand for, or nothing
import type { ModelPolicy } from './model-policy.ts';

export type Protocol = 'bedrock' | 'anthropic';

/** One that is sent on to the provider. */
export interface SentCall {
  readonly kind: 'generate' | 'count';
  readonly path: string;
  /** The id of the model, where the path names it. */
  readonly model?: string;
}

/** What a request asks for; everything that is sent on is built anew from this, never copied from the request's target. */
export type ModelCall =
  | SentCall
  /** Answered here: it would need a right of its own and another host, and the CLI does without. */
  | { readonly kind: 'list-profiles' };

/** A target's two parts: who asks, and what for. */
export interface ProxyTarget {
  readonly token: string;
  /** With its leading slash, still percent-encoded. */
  readonly path: string;
  readonly query: string;
}

/** 32 bytes in base64url. */
const TARGET = /^\/([A-Za-z0-9_-]{43})(\/[^?#\\]*)(?:\?([^#]*))?$/;
const BEDROCK_CALL = /^\/model\/([^/].*)\/(invoke|invoke-with-response-stream|count-tokens)$/;
const ANTHROPIC_CALL = /^\/v1\/messages(\/count_tokens)?$/;
/** The only query that the CLI sends to Anthropic. */
const BETA = 'beta=true';

/** @returns nothing for what no grant's holder would send, a target in absolute form among it. */
export function parseTarget(target: string): ProxyTarget | undefined {
  const [, token, path, query = ''] = TARGET.exec(target) ?? [];
  return token === undefined || path === undefined ? undefined : { token, path, query };
}

/**
 * The model calls that the CLI needs, and no others: Bedrock's InvokeModel, InvokeModelWithResponseStream, CountTokens
 * and ListInferenceProfiles; Anthropic's messages and their token count (whose model stands in the body, see `judgeBody`).
 * @returns nothing for any other request, or a model that `allows` does not.
 */
export function parseModelCall(
  protocol: Protocol,
  {
    method,
    target: { path, query },
    allows,
  }: {
    readonly method: string;
    readonly target: Pick<ProxyTarget, 'path' | 'query'>;
    readonly allows: ModelPolicy;
  },
): ModelCall | undefined {
  return protocol === 'bedrock' ? bedrockCall(method, path, allows) : anthropicCall(method, path, query);
}

function bedrockCall(method: string, path: string, allows: ModelPolicy): ModelCall | undefined {
  if (method === 'GET' && path === '/inference-profiles') return { kind: 'list-profiles' };
  if (method !== 'POST') return undefined;
  const [, encoded = '', action = ''] = BEDROCK_CALL.exec(path) ?? [];
  // Decoded once and then compared as a whole: what is encoded twice, or climbs, is no id that was configured.
  const modelId = decoded(encoded);
  if (modelId === undefined || !allows(modelId)) return undefined;
  return {
    kind: action === 'count-tokens' ? 'count' : 'generate',
    path: `/model/${encodeURIComponent(modelId)}/${action}`,
    model: modelId,
  };
}

function anthropicCall(method: string, path: string, query: string): ModelCall | undefined {
  if (method !== 'POST' || !ANTHROPIC_CALL.test(path)) return undefined;
  return {
    kind: path === '/v1/messages' ? 'generate' : 'count',
    path: query === BETA ? `${path}?${BETA}` : path,
  };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}
