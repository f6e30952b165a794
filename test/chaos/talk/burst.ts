// after a while many chats ask at one moment, far more than there are places for
import { setTimeout as delay } from 'node:timers/promises';
import type { AskedQuestion } from '../evidence/evidence.ts';
import { questionMark } from '../evidence/marks.ts';
import type { Place } from './places.ts';
import { ask, type Talk } from './speak.ts';

/** So many chats; two workers have sixteen places. */
export const BURST_CHATS = 48;
/** How much longer than usual a question may wait then. */
export const BURST_PATIENCE = 4;
const AFTER_MS = 20_000;
const AT_ONCE_MS = 1_000;

/** Lets all of them ask. @throws the signal's reason when it aborts. */
export async function burst(places: readonly Place[], talk: Talk): Promise<void> {
  if (places.length === 0) return;
  await delay(AFTER_MS, undefined, { signal: talk.signal });
  for (const [index, place] of places.entries()) {
    const token = `burst${index}`;
    const text = `${questionMark(token)} What do you say?`;
    const [speaker = 0] = place.speakers;
    ask({ token, text, attached: 0, wantsFile: false }, { place, speaker, talk });
  }
}

/** @returns in how many conversations something was asked at one moment, if that were at least so many as in a burst; otherwise 0. */
export function askedAtOnce(questions: readonly AskedQuestion[]): number {
  const most = Math.max(
    0,
    ...questions.map(({ atMs }) => {
      const together = questions.filter((one) => one.atMs >= atMs && one.atMs < atMs + AT_ONCE_MS);
      return new Set(together.map(({ session }) => session)).size;
    }),
  );
  return most >= BURST_CHATS ? most : 0;
}
