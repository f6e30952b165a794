// response → prelude (status, headers) → its body, chunk by chunk → the end
import type { Writable } from 'node:stream';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/**
 * Answers through a function's response stream, in the form that an API with `responseTransferMode: STREAM` wants
 * (https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode-lambda.html). When the stream breaks, the body is
 * cancelled, which interrupts its run.
 * @throws the stream's error.
 */
export async function streamResponse(response: Response, output: Writable): Promise<void> {
  const headers = Object.fromEntries(response.headers);
  const stream = awslambda.HttpResponseStream.from(output, { statusCode: response.status, headers });
  // The prelude goes out with the first write, even of nothing: nobody has to wait for the body to learn the status.
  stream.write('');
  if (response.body === null) {
    stream.end();
    return;
  }
  const body = Readable.fromWeb(response.body);
  try {
    await pipeline(body, stream);
  } catch (error) {
    // A stream that was broken before is refused by `pipeline`, which then leaves the body as it is.
    body.destroy();
    throw error;
  }
}
