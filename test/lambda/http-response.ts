import type { FunctionResponse } from './runtime-api.ts';

/** What stands before the body of a streamed answer. */
export interface Prelude {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** As https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode-lambda.html has it. */
const DELIMITER = Buffer.alloc(8);
const LONGEST_PRELUDE_BYTES = 16 * 1024;
const CONTENT_TYPE = 'application/vnd.awslambda.http-integration-response';

/** Reads an answer as API Gateway does. @throws Error where API Gateway would answer 500. */
export async function readStreamedResponse(
  response: FunctionResponse,
): Promise<Prelude & { readonly body: AsyncGenerator<Buffer, void, undefined> }> {
  if (response.mode !== 'streaming' || response.contentType !== CONTENT_TYPE) {
    throw new Error(`No streamed HTTP response: ${String(response.mode)}, ${String(response.contentType)}`);
  }
  const chunks = (response.body as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  let end = -1;
  while (end === -1) {
    const { value, done } = (await chunks.next()) as IteratorResult<Buffer, undefined>;
    if (done) throw new Error('The stream ended within its prelude');
    head = Buffer.concat([head, value]);
    end = head.indexOf(DELIMITER);
    if (end === -1 && head.length > LONGEST_PRELUDE_BYTES) throw new Error('The prelude is too long');
  }
  const prelude = JSON.parse(head.subarray(0, end).toString('utf8')) as Prelude;
  const unknown = Object.keys(prelude).filter(
    (key) => !/^(statusCode|headers|multiValueHeaders|cookies)$/.test(key),
  );
  if (unknown.length > 0) throw new Error(`The prelude has keys that are not allowed: ${unknown.join(', ')}`);
  const first = head.subarray(end + DELIMITER.length);
  return {
    ...prelude,
    body: (async function* () {
      if (first.length > 0) yield first;
      for (;;) {
        const { value, done } = (await chunks.next()) as IteratorResult<Buffer, undefined>;
        if (done) return;
        yield value;
      }
    })(),
  };
}
