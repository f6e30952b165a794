// getUpdates (long poll) → each update durably queued → only then the next offset
import { setTimeout as delay } from 'node:timers/promises';
import type { TelegramApi } from '../telegram/telegram-types.ts';
import { toTelegramError } from '../telegram/telegram-chat.ts';
import { acceptUpdate, type Intake } from './accept-update.ts';
import { ALLOWED_UPDATES } from './allowed-updates.ts';

/** grammY types its signal by an older package; at run time it is the platform's own. */
type GrammySignal = Parameters<TelegramApi['getUpdates']>[1];

/** Telegram holds a poll open this long when there is nothing, in seconds. */
const POLL_SECONDS = 30;
const MAX_PAUSE_MS = 30_000;
/** A server that answers sooner than this, and with nothing new, does not hold polls open. In ms. */
const SOON_MS = 1_000;

export interface PollPauses {
  /** After the first failure in a row, in ms; 1 s unless given. Each further one doubles it, up to 30 s. */
  readonly firstMs?: number;
  /** After an answer with nothing new that came at once, in ms; 1 s unless given. */
  readonly emptyMs?: number;
}

/**
 * Fetches updates until the signal aborts. A failed poll is reported and repeated after a growing pause; an update that
 * cannot be queued is fetched again, because its offset was not confirmed. A server that does not hold polls open is asked once a second.
 */
export async function pollUpdates(
  api: TelegramApi,
  intake: Intake,
  {
    signal,
    pauses: { firstMs = 1_000, emptyMs = 1_000 } = {},
  }: { readonly signal: AbortSignal; readonly pauses?: PollPauses | undefined },
): Promise<void> {
  let offset = 0;
  let pauseMs = firstMs;
  while (!signal.aborted) {
    try {
      const began = performance.now();
      const next = await pollOnce(api, intake, { signal, offset });
      const isEmpty = next === offset && performance.now() - began < SOON_MS;
      offset = next;
      pauseMs = firstMs;
      if (isEmpty) await pause(emptyMs, signal);
    } catch (error) {
      if (isAborted(signal)) return;
      intake.onError(error);
      await pause(pauseMs, signal);
      pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS);
    }
  }
}

/** Ends early when the signal aborts. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}

/** A call, because the compiler does not see that the signal may have changed while we waited. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

async function pollOnce(
  api: TelegramApi,
  intake: Intake,
  { signal, offset }: { readonly signal: AbortSignal; readonly offset: number },
): Promise<number> {
  const wanted = { offset, timeout: POLL_SECONDS, allowed_updates: ALLOWED_UPDATES };
  const updates = await api.getUpdates(wanted, signal as GrammySignal).catch((error: unknown) => {
    // grammY's own error may hold the URL, and the URL holds the bot token.
    throw toTelegramError(error);
  });
  let next = offset;
  for (const update of updates) {
    if ((await acceptUpdate(update, intake)) === 'later') throw new Error('An update could not be queued');
    next = update.update_id + 1;
  }
  return next;
}
