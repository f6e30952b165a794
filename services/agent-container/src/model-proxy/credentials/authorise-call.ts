// a call without credentials → the headers that open the model (a SigV4 signature, a bearer token, or a key)
import { SignatureV4 } from '@smithy/signature-v4';
import type { ModelCredential } from './model-credentials.ts';
import { NodeSha256 } from './node-sha256.ts';

/** A call as it goes out, but for its credentials. */
export interface UpstreamCall {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Of the body, in hexadecimal: a signature covers it. */
  readonly sha256: string;
}

/**
 * @param region enters the signature alone.
 * @returns all headers of the call; those of a signature are good for about five minutes.
 */
export async function authoriseCall(
  { url, headers, sha256 }: UpstreamCall,
  credential: ModelCredential,
  region: string,
): Promise<Record<string, string>> {
  const own = { ...headers, host: url.host };
  switch (credential.kind) {
    case 'none':
      return own;
    case 'bearer':
      return { ...own, authorization: `Bearer ${credential.token}` };
    case 'anthropic-key':
      return { ...own, 'x-api-key': credential.apiKey };
    case 'aws-keys': {
      const signer = new SignatureV4({
        service: 'bedrock',
        region,
        credentials: credential,
        sha256: NodeSha256,
      });
      const signed = await signer.sign({
        method: 'POST',
        protocol: url.protocol,
        hostname: url.hostname,
        path: url.pathname,
        query: Object.fromEntries(url.searchParams),
        // The signer hashes a body only where this header is missing.
        headers: { ...own, 'x-amz-content-sha256': sha256 },
      });
      return signed.headers;
    }
  }
}
