// people ask, processes are hit → everything is quiet → the evidence
import { setTimeout as delay } from 'node:timers/promises';
import { check } from './checker/checker.ts';
import { absencesOf } from './evidence/absences.ts';
import type { Evidence } from './evidence/evidence.ts';
import type { Harm } from './harm/harms.ts';
import { hit, hitClis } from './harm/hit-processes.ts';
import { hitSurroundings } from './harm/hit-surroundings.ts';
import type { Random } from './surroundings/random.ts';
import type { ChaosSystem } from './surroundings/system.ts';
import { burst, BURST_CHATS } from './talk/burst.ts';
import { placesOf } from './talk/places.ts';
import { type Asked, type Habits, type Ordered, speak } from './talk/speak.ts';

export interface Size extends Habits {
  readonly turns: number;
  readonly sessions: number;
  /** How many of the sessions have the real agent, with four turns each. */
  readonly real: number;
  /** Whether processes are killed and frozen. */
  readonly hasBlows: boolean;
  readonly harms: ReadonlySet<Harm>;
  /** How long what is missing is waited for in the end, as a part of the time after which a question is stuck. */
  readonly patience: number;
}

const REAL_TURNS = 4;
/** Nothing more comes when Telegram was not called for so long, in ms. */
const QUIET_MS = 3_000;
const LOOK_AGAIN_MS = 250;

/** Runs the conversations to their end while the processes are hit. @throws the signal's reason when it aborts. */
export async function runChaos(
  size: Size,
  {
    system,
    random,
    signal,
  }: { readonly system: ChaosSystem; readonly random: Random; readonly signal: AbortSignal },
): Promise<Evidence> {
  const questions: Asked[] = [];
  const commands: Ordered[] = [];
  const begunAtMs = Date.now();
  const all = await placesOf(sessionsOf(size), system.idsFrom, system.telegram);
  const places = all.slice(0, size.sessions);
  const calm = new AbortController();
  const talk = { system, questions, commands, waiting: new Map<string, Asked>(), signal };
  const talking = Promise.all([
    burst(all.slice(size.sessions), talk),
    ...places.map((place, index) => {
      const isFirst = index === size.real || index === 0;
      const role = { turns: turnsOf(size, index), index, isReal: index < size.real, isFirst };
      return speak(place, { role, habits: size, random: random.fork(`person-${index}`), talk });
    }),
  ]).finally(() => calm.abort());
  const isOver = AbortSignal.any([calm.signal, signal]);
  const blows = size.hasBlows
    ? [hit(system, random.fork('blows'), isOver), hitClis(system, random.fork('clis'), isOver)]
    : [];
  const troubles = hitSurroundings(system, {
    harms: size.harms,
    random: random.fork('surroundings'),
    signal: isOver,
  });
  await Promise.all([talking, troubles, ...blows]);
  const taken = <One extends Asked | Ordered>(one: One): One & { takenAtMs: number } => ({
    ...one,
    takenAtMs: system.telegram.takenAtMs(one.chatId, one.messageId),
  });
  const evidence = (): Evidence => ({
    questions: questions.map(taken),
    commands: commands.map(taken),
    requests: system.model.asked,
    modelFailures: system.model.failures,
    calls: system.telegram.calls,
    shown: system.telegram.shown(all),
    blows: system.blows,
    absences: absencesOf(
      system.processes.flatMap(({ livesLed }) => livesLed),
      begunAtMs,
      Date.now(),
    ),
    asks: system.proxy.asks,
    storeFailures: system.storeFailures(),
    damages: system.damage?.done ?? [],
    typing: system.telegram.typing,
    writingDownMs: system.tempo.writingDownMs,
    stoppingMs: system.tempo.leaseMs,
    stuckMs: system.tempo.stuckMs,
  });
  const longestMs = size.patience * system.tempo.stuckMs;
  await untilQuiet(evidence, { telegram: system.telegram, longestMs }, signal);
  return evidence();
}

/** @returns how many places there are, also those that only ask in a burst. */
export function sessionsOf({ sessions, harms }: Pick<Size, 'sessions' | 'harms'>): number {
  return sessions + (harms.has('overload') ? BURST_CHATS : 0);
}

function turnsOf({ turns, sessions, real }: Size, index: number): number {
  if (index < real) return REAL_TURNS;
  const scripted = sessions - real;
  const left = Math.max(0, turns - real * REAL_TURNS);
  return Math.floor(left / scripted) + (index - real < left % scripted ? 1 : 0);
}

/** Waits until every question is answered and nobody calls Telegram any more, but not for ever. */
async function untilQuiet(
  evidence: () => Evidence,
  { telegram, longestMs }: { readonly telegram: ChaosSystem['telegram']; readonly longestMs: number },
  signal: AbortSignal,
): Promise<void> {
  const giveUpAtMs = Date.now() + longestMs;
  while (Date.now() < giveUpAtMs) {
    await delay(LOOK_AGAIN_MS, undefined, { signal });
    if (Date.now() - telegram.lastCallAtMs() < QUIET_MS) continue;
    const { violations } = check(evidence());
    if (!violations.some(({ rule }) => rule === 'answered exactly once')) return;
  }
}
