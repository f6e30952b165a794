import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** One request that reached the provider. */
export interface Received {
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly response: ServerResponse;
  /** Resolves when the connection under the request is gone before its end. */
  readonly cut: Promise<void>;
}

export interface UpstreamServer {
  readonly url: string;
  readonly received: readonly Received[];
  readonly port: number;
  close(): Promise<void>;
}

/** A model provider on loopback, closed with the test; `answer` says everything. */
export async function startUpstream(answer: (request: Received) => void): Promise<UpstreamServer> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => void chunks.push(chunk));
    request.once('end', () => {
      const one = {
        method: request.method ?? '',
        target: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks),
        response,
        cut: once(response, 'close').then(() => undefined),
      };
      received.push(one);
      answer(one);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  onTestFinished(close);
  return { url: `http://127.0.0.1:${port}`, received, port, close };
}

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/**
 * Checks a signature the way AWS describes it, without the library that made it:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 * @returns what is wrong with it; nothing when it is the signature of these keys.
 */
export function signatureProblem(
  { method, target, headers, body }: Received,
  { accessKeyId, secretAccessKey }: Keys,
  region: string,
): string | undefined {
  const fields =
    /^AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? '',
    );
  const [, credential = '', signedHeaders = '', signature] = fields ?? [];
  if (!fields) return 'There is no signature';
  const stamp = String(headers['x-amz-date']);
  const scope = `${stamp.slice(0, 8)}/${region}/bedrock/aws4_request`;
  if (credential !== `${accessKeyId}/${scope}`) return `It is for ${credential}`;
  const [path = '', query = ''] = target.split('?');
  const canonical = [
    method,
    // Every service but S3 encodes each segment once more than it is on the wire.
    path.split('/').map(encodeStrictly).join('/'),
    query,
    ...signedHeaders.split(';').map((name) => `${name}:${String(headers[name]).trim()}`),
    '',
    signedHeaders,
    createHash('sha256').update(body).digest('hex'),
  ].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', stamp, scope, createHash('sha256').update(canonical).digest('hex')];
  const key = scope
    .split('/')
    .reduce<Buffer | string>((secret, part) => hmac(secret, part), `AWS4${secretAccessKey}`);
  const expected = hmac(key, toSign.join('\n')).toString('hex');
  return signature === expected ? undefined : 'The signature does not match';
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function encodeStrictly(segment: string): string {
  return encodeURIComponent(segment).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
