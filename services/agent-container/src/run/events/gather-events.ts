// the events of a run, however fast they come → as fast as they are read, and no faster than the pace; what waits is put together
import { setTimeout as delay } from 'node:timers/promises';
import type { RuntimeEvent } from '../agent-runtime.ts';

/** A model that writes fast makes less than this. */
const EVENTS_PER_SECOND = 100;
/** How many may come at once before the pace counts. */
const BURST = 200;
/** Texts that follow one another wait as one event, and of the task lists only the last: so this is only reached with tools. */
const MAX_WAITING = 1_000;

/**
 * Reads the events whether or not anybody asks for them, so that a reader who is slow does not hold up the agent; only one who leaves many events
 * unread does.
 * @param now in ms.
 * @returns events that say the same in the end. An error of the source comes after all that it yielded before.
 */
export async function* gathered(
  source: AsyncGenerator<RuntimeEvent, void, undefined>,
  now: () => number = () => performance.now(),
): AsyncGenerator<RuntimeEvent, void, undefined> {
  const waiting = new WaitingEvents();
  const reading = read(source, waiting);
  let dueMs = now();
  try {
    for (let event = await waiting.next(); event; event = await waiting.next()) {
      yield event;
      dueMs = Math.max(dueMs, now()) + 1_000 / EVENTS_PER_SECOND;
      const aheadMs = dueMs - now() - (BURST * 1_000) / EVENTS_PER_SECOND;
      // An ended run is not held up: what is left of it is little.
      if (aheadMs > 0 && !waiting.isOver) await delay(aheadMs);
    }
  } finally {
    waiting.stop();
    await reading;
  }
}

async function read(
  source: AsyncGenerator<RuntimeEvent, void, undefined>,
  waiting: WaitingEvents,
): Promise<void> {
  try {
    for await (const event of source) {
      waiting.add(event);
      if (!(await waiting.hasRoom())) return;
    }
    waiting.end(undefined);
  } catch (error) {
    waiting.end({ error });
  }
}

class WaitingEvents {
  #events: RuntimeEvent[] = [];
  #end: { readonly failure: { readonly error: unknown } | undefined } | undefined;
  #isStopped = false;
  #changed = Promise.withResolvers<undefined>();

  get isOver(): boolean {
    return this.#end !== undefined;
  }

  add(event: RuntimeEvent): void {
    const last = this.#events.at(-1);
    if (event.type === 'text' && last?.type === 'text') this.#events.splice(-1, 1, joined(last, event));
    else {
      if (event.type === 'todo') this.#events = this.#events.filter(({ type }) => type !== 'todo');
      this.#events.push(event);
    }
    this.#tell();
  }

  /** @returns false when nobody reads any more. */
  async hasRoom(): Promise<boolean> {
    while (this.#events.length >= MAX_WAITING && !this.#isStopped) await this.#changed.promise;
    return !this.#isStopped;
  }

  /** @throws the source's error, when everything before it was read. */
  async next(): Promise<RuntimeEvent | undefined> {
    while (this.#events.length === 0 && !this.#end) await this.#changed.promise;
    const event = this.#events.shift();
    this.#tell();
    if (event || !this.#end?.failure) return event;
    throw this.#end.failure.error;
  }

  end(failure: { readonly error: unknown } | undefined): void {
    this.#end = { failure };
    this.#tell();
  }

  stop(): void {
    this.#isStopped = true;
    this.#tell();
  }

  #tell(): void {
    this.#changed.resolve(undefined);
    this.#changed = Promise.withResolvers<undefined>();
  }
}

type TextEvent = Extract<RuntimeEvent, { type: 'text' }>;

/** @returns one event that leaves a reader with what both would. */
function joined(first: TextEvent, second: TextEvent): TextEvent {
  const kept = second.offset - first.offset;
  if (kept < 0) return second;
  // Nearly always the second goes on where the first ends; cutting would copy all of it each time.
  const start = kept === first.delta.length ? first.delta : first.delta.slice(0, kept);
  return { ...first, delta: start + second.delta };
}
