import type { Life, Span } from './evidence.ts';

/** A system has all of these, or it does nothing. */
const TIERS = ['webhook', 'agent', 'worker'];

/**
 * @param fromMs when everybody had got up for the first time.
 * @returns the times in which a whole tier was dead. How long a machine takes to start a process is not the system's doing. A process that is
 * frozen is no absence: that is what the system has to notice.
 */
export function absencesOf(lives: readonly Life[], fromMs: number, untilMs: number): Span[] {
  return TIERS.flatMap((tier) => {
    const own = lives
      .filter(({ process }) => process.startsWith(tier))
      .toSorted((one, two) => one.fromMs - two.fromMs);
    const absences: Span[] = [];
    let aliveUntilMs = fromMs;
    for (const life of own) {
      if (life.fromMs > aliveUntilMs) absences.push({ fromMs: aliveUntilMs, untilMs: life.fromMs });
      aliveUntilMs = Math.max(aliveUntilMs, life.untilMs);
    }
    return aliveUntilMs < untilMs ? [...absences, { fromMs: aliveUntilMs, untilMs }] : absences;
  });
}

/** @returns how much of a time the spans cover, each moment counted once; in ms. */
export function coveredMs(spans: readonly Span[], { fromMs, untilMs }: Span): number {
  let sum = 0;
  let doneMs = fromMs;
  for (const span of spans.toSorted((one, two) => one.fromMs - two.fromMs)) {
    const beginMs = Math.max(span.fromMs, doneMs);
    const endMs = Math.min(span.untilMs, untilMs);
    if (endMs <= beginMs) continue;
    sum += endMs - beginMs;
    doneMs = endMs;
  }
  return sum;
}
