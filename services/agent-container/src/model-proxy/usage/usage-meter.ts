// a response on its way to the CLI → the same bytes, and what the call has cost
import type { Usage } from '@omnicloud/protocol';
import { Transform, type TransformCallback } from 'node:stream';
import { EventFrameReader } from './event-frames.ts';
import { GrowingBytes } from '../limits/growing-bytes.ts';
import { parseWithin } from '../limits/json-tally.ts';
import { MessageUsage, usageOf } from './message-usage.ts';
import { ANSWER_LIMITS, MESSAGE_BYTES } from '../limits/proxy-limits.ts';
import { ServerSentEventReader } from './server-sent-events.ts';

/** Reads along with one response. */
interface Gauge {
  /** @returns the usage so far. */
  read(bytes: Buffer): Usage | undefined;
  end(): Usage | undefined;
}

/**
 * @param contentType of a response with status 200.
 * @param onUsage is told the call's usage so far whenever it changes.
 * @returns a stream that hands each chunk on at once and unaltered; it fails when the response cannot be read, because an
 * answer that is not counted would be one without a limit. Nothing for a content type that is none of an answer.
 */
export function usageMeter(
  contentType: string | undefined,
  onUsage: (usage: Usage) => void,
): Transform | undefined {
  const gauge = gaugeFor(contentType?.split(';')[0]?.trim().toLowerCase());
  if (!gauge) return undefined;
  const measured = (measure: () => Usage | undefined, done: TransformCallback, chunk?: Buffer): void => {
    try {
      const usage = measure();
      if (usage) onUsage(usage);
    } catch (error) {
      done(error instanceof Error ? error : new Error('The response cannot be read', { cause: error }));
      return;
    }
    done(null, chunk);
  };
  return new Transform({
    transform: (chunk: Buffer, _, done) => measured(() => gauge.read(chunk), done, chunk),
    flush: (done) => measured(() => gauge.end(), done),
  });
}

function gaugeFor(mediaType: string | undefined): Gauge | undefined {
  switch (mediaType) {
    case 'application/vnd.amazon.eventstream':
      return streamGauge(new EventFrameReader());
    case 'text/event-stream':
      return streamGauge(new ServerSentEventReader());
    case 'application/json':
      return messageGauge();
    default:
      return undefined;
  }
}

function streamGauge(reader: { read(bytes: Buffer): unknown[] }): Gauge {
  const usage = new MessageUsage();
  return {
    read: (bytes) => {
      const events = reader.read(bytes);
      for (const event of events) usage.add(event);
      return events.length === 0 ? undefined : usage.soFar;
    },
    end: () => undefined,
  };
}

function messageGauge(): Gauge {
  const message = new GrowingBytes();
  return {
    read: (chunk) => {
      if (message.length + chunk.length > MESSAGE_BYTES)
        throw new Error('The message is too long to be counted');
      message.add(chunk);
      return undefined;
    },
    end: () => usageOf(parseWithin(message.take(message.length), ANSWER_LIMITS)),
  };
}
