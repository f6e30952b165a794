// Bedrock's streaming framing: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModelWithResponseStream.html
import { EventStreamCodec } from '@smithy/eventstream-codec';
import { fromUtf8, toUtf8 } from '@smithy/util-utf8';

export const EVENT_STREAM_MEDIA_TYPE = 'application/vnd.amazon.eventstream';

const codec = new EventStreamCodec(toUtf8, fromUtf8);

/** @returns one `chunk` frame; its payload carries the event's JSON in base64. */
export function chunkFrame(event: object): Uint8Array {
  const bytes = Buffer.from(JSON.stringify(event)).toString('base64');
  return frame({ ':message-type': 'event', ':event-type': 'chunk' }, { bytes });
}

/** @param errorType in either spelling, `ThrottlingException` or the frame's own `throttlingException`. */
export function exceptionFrame(errorType: string, message: string): Uint8Array {
  const member = errorType.slice(0, 1).toLowerCase() + errorType.slice(1);
  return frame({ ':message-type': 'exception', ':exception-type': member }, { message });
}

function frame(headers: Record<string, string>, payload: object): Uint8Array {
  const all = { ...headers, ':content-type': 'application/json' };
  return codec.encode({
    headers: Object.fromEntries(
      Object.entries(all).map(([name, value]) => [name, { type: 'string', value }]),
    ),
    body: fromUtf8(JSON.stringify(payload)),
  });
}
