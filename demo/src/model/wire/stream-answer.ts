// what a model yields → the body of a streamed answer
import { MessageEvents } from './anthropic-message.ts';
import { chunkFrame, exceptionFrame } from './event-stream-frame.ts';
import { isPart, type ModelOutput } from './model-output.ts';
import type { ModelRequest } from './model-request.ts';

interface Connection {
  /** Ends the connection at once, without the end of the body. */
  cut: () => void;
  /** Tells the model that nobody reads on. */
  abandon: () => void;
}

/**
 * @param outputs read only as fast as the client takes the frames, and returned when it goes.
 * @returns a body that errors when the model throws, so that a fault of the model is never taken for an answer.
 */
export function streamAnswer(
  request: ModelRequest,
  outputs: AsyncIterable<ModelOutput>,
  connection: Connection,
): ReadableStream<Uint8Array> {
  const frames = framesOf(request, outputs);
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = await frames.next();
        if (next.done) controller.close();
        else if (next.value === 'cut') connection.cut();
        else controller.enqueue(next.value);
      },
      async cancel() {
        connection.abandon();
        await frames.return(undefined);
      },
    },
    // With nothing read ahead, whatever comes before a cut has been written by the time of the cut.
    { highWaterMark: 0 },
  );
}

async function* framesOf(
  request: ModelRequest,
  outputs: AsyncIterable<ModelOutput>,
): AsyncGenerator<Uint8Array | 'cut', void, undefined> {
  const events = new MessageEvents(request);
  let hasStarted = false;
  for await (const output of outputs) {
    if (isPart(output)) {
      yield chunksOf([...(hasStarted ? [] : events.start()), ...events.add(output)]);
      hasStarted = true;
      continue;
    }
    if (output.type === 'end') return;
    yield output.type === 'cut' ? 'cut' : exceptionFrame(output.errorType, output.message);
    return;
  }
  yield chunksOf([...(hasStarted ? [] : events.start()), ...events.end()]);
}

function chunksOf(events: readonly object[]): Uint8Array {
  return Buffer.concat(events.map(chunkFrame));
}
