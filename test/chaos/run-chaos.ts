// people ask, processes are hit → everything is quiet → the evidence
import { setTimeout as delay } from 'node:timers/promises';
import { check, STUCK_LIMIT_MS } from './checker.ts';
import type { AskedQuestion, Evidence } from './evidence.ts';
import { questionMark } from './marks.ts';
import { type Place, sessionOf } from './places.ts';
import type { Random } from './random.ts';
import { type ChaosSystem, LEASE_MS, VISIBILITY_MS } from './system.ts';

export interface Size {
  readonly turns: number;
  readonly sessions: number;
  /** How many of the sessions have the real agent, with four turns each. */
  readonly real: number;
}

const REAL_TURNS = 4;
const FIRST_PERSON = 2_000_001;
/** Every so many a session is a topic of the forum instead of a private chat. */
const TOPIC_EVERY = 3;
/** Between two questions of a person, in ms; some come before the last answer, and some in one breath. */
const LONGEST_PAUSE_MS = 20_000;
const BREATH_MS = 300;
const IN_ONE_BREATH_SHARE = 0.3;
/** Between two blows, in ms. */
const BLOW_PAUSE_MS = { min: 1_500, max: 5_500 };
const KILL_SHARE = 0.7;
const LONGEST_DEATH_MS = 1_500;
/** By how much a freeze outlasts what it is to outlast, in ms. */
const FREEZE_BEYOND_MS = { min: 300, max: 1_500 };
/** Nothing more comes when Telegram was not called for so long, in ms. */
const QUIET_MS = 3_000;
const LOOK_AGAIN_MS = 500;

/** @returns the ids of the people who talk to the bot, one for each session. */
export function peopleOf({ sessions }: Size): number[] {
  return Array.from({ length: sessions }, (_, index) => FIRST_PERSON + index);
}

/** Runs the conversations to their end while the processes are hit. @throws the signal's reason when it aborts. */
export async function runChaos(
  size: Size,
  system: ChaosSystem,
  random: Random,
  signal: AbortSignal,
): Promise<Evidence> {
  const questions: AskedQuestion[] = [];
  const places = await placesOf(size, system);
  const calm = new AbortController();
  const talk = { system, questions, signal };
  const talking = Promise.all(
    places.map((place, index) => speak(place, index, size, random.fork(`person-${index}`), talk)),
  ).finally(() => calm.abort());
  await Promise.all([talking, hit(system, random.fork('blows'), AbortSignal.any([calm.signal, signal]))]);
  const evidence = (): Evidence => ({
    questions,
    requests: system.model.asked,
    calls: system.telegram.calls,
    shown: system.telegram.shown(places),
    blows: system.blows,
  });
  await untilQuiet(evidence, system, signal);
  return evidence();
}

async function placesOf(size: Size, { telegram }: ChaosSystem): Promise<Place[]> {
  const places: Place[] = [];
  for (const [index, personId] of peopleOf(size).entries()) {
    const isTopic = index % TOPIC_EVERY === 1;
    places.push(
      isTopic ? await telegram.openTopic(personId) : { personId, chatId: personId, threadId: undefined },
    );
  }
  return places;
}

interface Talk {
  readonly system: ChaosSystem;
  readonly questions: AskedQuestion[];
  readonly signal: AbortSignal;
}

async function speak(
  place: Place,
  index: number,
  size: Size,
  random: Random,
  { system, questions, signal }: Talk,
): Promise<void> {
  for (let turn = 1; turn <= turnsOf(size, index); turn += 1) {
    const pauseMs = random.chance(IN_ONE_BREATH_SHARE)
      ? random.between(0, BREATH_MS)
      : LONGEST_PAUSE_MS * random.next() ** 2;
    await delay(pauseMs, undefined, { signal });
    const token = `s${index}t${turn}x${random.integer(0x1000, 0xffff).toString(16)}`;
    const text = `${questionMark(token)} What do you say?${index < size.real ? ' (real)' : ''}`;
    const atMs = Date.now();
    const { message_id: messageId } = system.telegram.say(place, text);
    questions.push({ token, session: sessionOf(place), chatId: place.chatId, messageId, atMs });
  }
}

function turnsOf({ turns, sessions, real }: Size, index: number): number {
  if (index < real) return REAL_TURNS;
  const scripted = sessions - real;
  const left = Math.max(0, turns - real * REAL_TURNS);
  return Math.floor(left / scripted) + (index - real < left % scripted ? 1 : 0);
}

/** Hits one process after another until the signal aborts; resolves when all have got up again. */
async function hit({ processes }: ChaosSystem, random: Random, signal: AbortSignal): Promise<void> {
  const blows: Promise<void>[] = [];
  while (await passes(random.between(BLOW_PAUSE_MS.min, BLOW_PAUSE_MS.max), signal)) {
    const victims = processes.filter(({ isUp }) => isUp);
    const victim = victims[random.integer(0, victims.length - 1)];
    const isKill = random.chance(KILL_SHARE);
    const deathMs = random.between(0, LONGEST_DEATH_MS);
    const beyondMs = random.between(FREEZE_BEYOND_MS.min, FREEZE_BEYOND_MS.max);
    if (!victim) continue;
    const heldMs = victim.name.startsWith('agent') ? LEASE_MS : VISIBILITY_MS;
    const blow = isKill ? victim.kill(deathMs) : victim.freeze(heldMs + beyondMs);
    // One that fails is heard at the end; until then it must not end this process.
    blow.catch(() => undefined);
    blows.push(blow);
  }
  await Promise.all(blows);
}

/** @returns false when the signal aborted first. */
async function passes(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await delay(ms, undefined, { signal });
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}

/** Waits until every question is answered and nobody calls Telegram any more; not longer than a turn may take. */
async function untilQuiet(
  evidence: () => Evidence,
  { telegram }: ChaosSystem,
  signal: AbortSignal,
): Promise<void> {
  const giveUpAtMs = Date.now() + 2 * STUCK_LIMIT_MS;
  while (Date.now() < giveUpAtMs) {
    await delay(LOOK_AGAIN_MS, undefined, { signal });
    if (Date.now() - telegram.lastCallAtMs() < QUIET_MS) continue;
    if (![...check(evidence()).outcomes.values()].some(({ kind }) => kind === 'missing')) return;
  }
}
