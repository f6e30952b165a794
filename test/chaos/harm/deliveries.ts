// updates → delayed, doubled, overtaken, their answers lost → the webhook, for as long as it takes
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { sessionOf } from '../talk/places.ts';
import type { Random } from '../surroundings/random.ts';
import type { SessionNames } from '../evidence/session-names.ts';

const FAULTS = { doubled: 0.08, lost: 0.03, overtaken: 0.06 };
/** Also in a small run one is overtaken. */
const OVERTAKEN_AT_LEAST_AFTER = 15;
const DELIVERY_DELAY_MS = 150;
/** A copy of an update may come long after its turn was done, in ms. */
const COPY_DELAY_MS = 8_000;
/** An update waits so long to be overtaken by the next one of its chat, in ms. */
const OVERTAKEN_WITHIN_MS = 1_500;
/** After a failure it is tried again after this, in ms. */
const TRY_AGAIN_MS = 200;

const STOP = '/stop';

const message = z.object({
  message_id: z.int(),
  chat: z.object({ id: z.int() }),
  message_thread_id: z.int().optional(),
  text: z.string().optional(),
});
const update = z.object({ update_id: z.int(), message });
type Asked = z.infer<typeof message>;

export interface Deliveries {
  /** Posts an update, as the stand-in would. */
  readonly fetch: typeof fetch;
  /** @returns when the webhook first took a message over, in ms since 1970; Infinity when it never did. */
  takenAtMs(chatId: number, messageId: number): number;
  /** How many updates were delivered more than once, and how many after a later one of their chat. */
  counts(): { readonly doubled: number; readonly overtaken: number };
  /** Ends what is still to be delivered once more. */
  close(): Promise<void>;
}

export interface Webhook {
  /** Where it listens; undefined while it is dead. */
  readonly port: () => number | undefined;
  /** Told which update is of which conversation. */
  readonly names: SessionNames;
  readonly onError: (error: unknown) => void;
}

interface Overtaken {
  isOnItsWay: boolean;
  /** It no longer goes by itself. */
  readonly hold: () => void;
  readonly overtake: () => void;
  /** Resolves when the webhook has it. */
  readonly isOver: Promise<void>;
}

/**
 * The way from Telegram to the webhook. Telegram's updates of a chat come one after another (the stand-in sees to that), so which of two
 * was taken over first is known, also of two that change places here.
 */
export function openDeliveries(random: Random, webhook: Webhook): Deliveries {
  const taken = new Map<string, number>();
  const closing = new AbortController();
  const background = new Set<Promise<void>>();
  /** By chat: the update that waits to be overtaken. */
  const waiting = new Map<number, Overtaken>();
  const counts = { doubled: 0, overtaken: 0 };

  const post = async (asked: Asked, request: RequestInit): Promise<Response> => {
    const port = webhook.port();
    if (port === undefined) throw new Error('Nobody listens where the webhook was');
    const response = await fetch(`http://127.0.0.1:${port}/webhook`, request);
    const key = keyOf(asked.chat.id, asked.message_id);
    if (response.ok && !taken.has(key)) taken.set(key, Date.now());
    return response;
  };
  /** Until it is taken over. Telegram would wait longer and longer between two tries, which would hide our own waits. */
  const insist = async (asked: Asked, request: RequestInit): Promise<Response> => {
    for (;;) {
      closing.signal.throwIfAborted();
      try {
        const response = await post(asked, request);
        if (response.ok) return response;
      } catch (error) {
        webhook.onError(error);
      }
      await delay(TRY_AGAIN_MS, undefined, { signal: closing.signal });
    }
  };
  const later = (task: () => Promise<unknown>): Promise<void> => {
    const done = task()
      .then(() => undefined)
      .catch((error: unknown) => {
        if (!closing.signal.aborted) webhook.onError(error);
      })
      .finally(() => background.delete(done));
    background.add(done);
    return done;
  };
  const copyLater = (asked: Asked, request: RequestInit, afterMs: number): void => {
    const copy = { ...request, signal: closing.signal };
    void later(async () => {
      await delay(afterMs, undefined, { signal: closing.signal });
      await post(asked, copy);
      counts.doubled += 1;
    });
  };
  const letOvertake = (asked: Asked, request: RequestInit): void => {
    const overtaking = Promise.withResolvers<undefined>();

    const go = (): void => overtaking.resolve(undefined);
    closing.signal.addEventListener('abort', go);
    const timer = setTimeout(go, OVERTAKEN_WITHIN_MS);
    const isOver = later(async () => {
      await overtaking.promise;
      one.isOnItsWay = true;
      await insist(asked, { ...request, signal: closing.signal });
      waiting.delete(asked.chat.id);
    });
    const hold = (): void => clearTimeout(timer);
    const one: Overtaken = { isOnItsWay: false, hold, overtake: go, isOver };
    waiting.set(asked.chat.id, one);
  };

  return {
    fetch: async (_url, request = {}) => {
      const { update_id: updateId, message: asked } = update.parse(JSON.parse(bodyOf(request)));
      const { chat, message_thread_id: threadId } = asked;
      webhook.names.noteUpdate(updateId, sessionOf({ chatId: chat.id, threadId }));
      const lot = random.occurrence(keyOf(asked.chat.id, asked.message_id));
      const [isDoubled, isLost, isDrawn] = [FAULTS.doubled, FAULTS.lost, FAULTS.overtaken].map((share) =>
        lot.chance(share),
      );
      // What is asked after a stop must not be taken for what it stops.
      const isOvertaken =
        asked.text !== STOP &&
        (isDrawn === true || (taken.size >= OVERTAKEN_AT_LEAST_AFTER && counts.overtaken === 0));
      const [delayMs = 0, copyDelayMs = 0] = [DELIVERY_DELAY_MS, COPY_DELAY_MS].map((ms) =>
        lot.between(0, ms),
      );
      await delay(delayMs);
      const before = waiting.get(asked.chat.id);
      if (before?.isOnItsWay) await before.isOver;
      const overtaken = waiting.get(asked.chat.id);
      if (!overtaken && isOvertaken) {
        letOvertake(asked, request);
        return new Response(null, { status: 200 });
      }
      // A copy of one that is still to be overtaken would undo that.
      if (isDoubled) copyLater(asked, request, copyDelayMs);
      overtaken?.hold();
      const response = await insist(asked, request);
      if (overtaken) {
        counts.overtaken += 1;
        overtaken.overtake();
        await overtaken.isOver;
      }
      if (isLost) {
        counts.doubled += 1;
        throw new Error('The answer to this delivery was lost');
      }
      return response;
    },
    takenAtMs: (chatId, messageId) => taken.get(keyOf(chatId, messageId)) ?? Infinity,
    counts: () => counts,
    close: async () => {
      closing.abort();
      await Promise.all(background);
    },
  };
}

function bodyOf({ body }: RequestInit): string {
  if (typeof body !== 'string') throw new TypeError('The stand-in posts text');
  return body;
}

function keyOf(chatId: number, messageId: number): string {
  return `${chatId}:${messageId}`;
}
