// people ask, processes are hit → everything is quiet → the evidence
import { setTimeout as delay } from 'node:timers/promises';
import { planBlows } from './blows.ts';
import { check, STUCK_LIMIT_MS } from './checker.ts';
import type { AskedQuestion, Evidence } from './evidence.ts';
import { questionMark } from './marks.ts';
import { type Place, sessionOf } from './places.ts';
import type { Random } from './random.ts';
import type { ChaosSystem } from './system.ts';

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
/** Two workers have eight places each; the servers of the AWS stores are fewer hands than that. */
const MOST_WAITING = { embedded: 16, aws: 6 };
/** Nothing more comes when Telegram was not called for so long, in ms. */
const QUIET_MS = 3_000;
const LOOK_AGAIN_MS = 250;

/** @returns the ids of the people who talk to the bot, one for each session. @param idsFrom as `startSystem` has it. */
export function peopleOf({ sessions }: Size, idsFrom: number): number[] {
  return Array.from({ length: sessions }, (_, index) => FIRST_PERSON + idsFrom + index);
}

/** Runs the conversations to their end while the processes are hit. @throws the signal's reason when it aborts. */
export async function runChaos(
  size: Size,
  people: readonly number[],
  system: ChaosSystem,
  random: Random,
  signal: AbortSignal,
): Promise<Evidence> {
  const questions: Asked[] = [];
  const places = await placesOf(people, system);
  const calm = new AbortController();
  const talk = { system, questions, waiting: new Map(), signal };
  const talking = Promise.all(
    places.map((place, index) => speak(place, index, size, random.fork(`person-${index}`), talk)),
  ).finally(() => calm.abort());
  await Promise.all([talking, hit(system, random.fork('blows'), AbortSignal.any([calm.signal, signal]))]);
  const evidence = (): Evidence => ({
    questions: questions.map((one) => ({
      ...one,
      takenAtMs: system.telegram.takenAtMs(one.chatId, one.messageId),
    })),
    requests: system.model.asked,
    calls: system.telegram.calls,
    shown: system.telegram.shown(places),
    blows: system.blows,
    writingDownMs: system.tempo.writingDownMs,
  });
  await untilQuiet(evidence, system, signal);
  return evidence();
}

async function placesOf(people: readonly number[], { telegram }: ChaosSystem): Promise<Place[]> {
  const places: Place[] = [];
  for (const [index, personId] of people.entries()) {
    const isTopic = index % TOPIC_EVERY === 1;
    places.push(
      isTopic ? await telegram.openTopic(personId) : { personId, chatId: personId, threadId: undefined },
    );
  }
  return places;
}

type Asked = Omit<AskedQuestion, 'takenAtMs'>;

interface Talk {
  readonly system: ChaosSystem;
  readonly questions: Asked[];
  /** By session: what was asked last, and is not answered yet. */
  readonly waiting: Map<string, Asked>;
  readonly signal: AbortSignal;
}

async function speak(place: Place, index: number, size: Size, random: Random, talk: Talk): Promise<void> {
  const { system, questions, waiting, signal } = talk;
  for (let turn = 1; turn <= turnsOf(size, index); turn += 1) {
    const isInOneBreath = random.chance(IN_ONE_BREATH_SHARE);
    const pauseMs = isInOneBreath ? random.between(0, BREATH_MS) : LONGEST_PAUSE_MS * random.next() ** 2;
    await delay(pauseMs, undefined, { signal });
    if (!isInOneBreath) await untilFree(sessionOf(place), talk);
    const token = `s${index}t${turn}x${random.integer(0x1000, 0xffff).toString(16)}`;
    const text = `${questionMark(token)} What do you say?${index < size.real ? ' (real)' : ''}`;
    const atMs = Date.now();
    const { message_id: messageId } = system.telegram.say(place, text);
    const asked = { token, session: sessionOf(place), chatId: place.chatId, messageId, atMs };
    questions.push(asked);
    waiting.set(asked.session, asked);
  }
}

/** Waits while more sessions wait for an answer than the workers have places: how many a machine can serve is not what is tested. */
async function untilFree(session: string, { system, waiting, signal }: Talk): Promise<void> {
  for (;;) {
    for (const { session: name, token, atMs } of waiting.values())
      if (system.telegram.isAnswered(token) || Date.now() > atMs + STUCK_LIMIT_MS) waiting.delete(name);
    if (waiting.has(session) || waiting.size < MOST_WAITING[system.storeKind]) return;
    await delay(LOOK_AGAIN_MS, undefined, { signal });
  }
}

function turnsOf({ turns, sessions, real }: Size, index: number): number {
  if (index < real) return REAL_TURNS;
  const scripted = sessions - real;
  const left = Math.max(0, turns - real * REAL_TURNS);
  return Math.floor(left / scripted) + (index - real < left % scripted ? 1 : 0);
}

/**
 * Hits the processes until the signal aborts; resolves when all have got up again. How hard that is must not depend on how fast this machine
 * starts a process, so most blows wait until those before them are over.
 */
async function hit({ processes, tempo }: ChaosSystem, random: Random, signal: AbortSignal): Promise<void> {
  const byName = new Map(processes.map((process) => [process.name, process]));
  let blows: Promise<void>[] = [];
  for (const blow of planBlows([...byName.keys()], random)) {
    if (!blow.isTogether) {
      await Promise.all(blows);
      blows = [];
    }
    if (!(await passes(blow.afterMs, signal))) break;
    const heldMs = blow.process.startsWith('agent') ? tempo.leaseMs : tempo.visibilityMs;
    const victim = byName.get(blow.process);
    const done = blow.kind === 'kill' ? victim?.kill(blow.deadMs) : victim?.freeze(heldMs + blow.beyondMs);
    // One that fails is heard when it is waited for; until then it must not end this process.
    done?.catch(() => undefined);
    if (done) blows.push(done);
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
