// people ask, processes are hit → everything is quiet → the evidence
import { setTimeout as delay } from 'node:timers/promises';
import { check } from './checker/checker.ts';
import type { AskedCommand, AskedQuestion, Command, Evidence } from './evidence/evidence.ts';
import { hit, hitClis } from './harm/hit-processes.ts';
import { askingFile, contentOf, questionMark, wishMark } from './evidence/marks.ts';
import type { UserFile } from '../../local/src/telegram/user-files.ts';
import { type Place, sessionOf } from './evidence/places.ts';
import type { Random } from './surroundings/random.ts';
import type { ChaosSystem } from './surroundings/system.ts';

export interface Size {
  readonly turns: number;
  readonly sessions: number;
  /** How many of the sessions have the real agent, with four turns each. */
  readonly real: number;
  /** Between two questions of a person, in ms; some come before the last answer, and some in one breath. */
  readonly longestPauseMs: number;
  /** Whether people wait for an answer, though not for ever, before they ask again; unless that is in one breath. */
  readonly isPatient: boolean;
  /** The share of questions before which there is a command. */
  readonly commandShare: number;
  /** Whether processes are killed and frozen. */
  readonly hasBlows: boolean;
  /** How long what is missing is waited for in the end, as a part of the time after which a question is stuck. */
  readonly patience: number;
}

const REAL_TURNS = 4;
/** Half of them begin a new conversation. */
const COMMANDS: readonly Command[] = ['new', 'new', 'help', 'status'];
const FIRST_PERSON = 2_000_001;
/** Every so many a session is a topic of the forum instead of a private chat. */
const TOPIC_EVERY = 3;
const BREATH_MS = 300;
const IN_ONE_BREATH_SHARE = 0.3;
/** The share of questions that want a file. */
const FILE_SHARE = 0.15;
/** The share of questions that come with files, and the most of them: an album. */
const ATTACHED_SHARE = 0.08;
const MOST_ATTACHED = 4;
/** Two workers have eight places each; the servers of the AWS stores are fewer hands than that. */
const MOST_WAITING = { embedded: 16, aws: 6 };
/** Nothing more comes when Telegram was not called for so long, in ms. */
const QUIET_MS = 3_000;
const LOOK_AGAIN_MS = 250;
/** Who is patient waits for such a part of the time after which a question is stuck. */
const PATIENT_SHARE = 0.2;

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
  const commands: Ordered[] = [];
  const places = await placesOf(people, system);
  const calm = new AbortController();
  const talk = { system, questions, commands, waiting: new Map(), signal };
  const talking = Promise.all(
    places.map((place, index) => speak(place, index, size, random.fork(`person-${index}`), talk)),
  ).finally(() => calm.abort());
  const isOver = AbortSignal.any([calm.signal, signal]);
  const blows = size.hasBlows
    ? [hit(system, random.fork('blows'), isOver), hitClis(system, random.fork('clis'), isOver)]
    : [];
  await Promise.all([talking, ...blows]);
  const taken = <One extends Asked | Ordered>(one: One): One & { takenAtMs: number } => ({
    ...one,
    takenAtMs: system.telegram.takenAtMs(one.chatId, one.messageId),
  });
  const evidence = (): Evidence => ({
    questions: questions.map(taken),
    commands: commands.map(taken),
    requests: system.model.asked,
    calls: system.telegram.calls,
    shown: system.telegram.shown(places),
    blows: system.blows,
    asks: system.proxy.asks,
    storeFailures: system.storeFailures(),
    typing: system.telegram.typing,
    writingDownMs: system.tempo.writingDownMs,
    stuckMs: system.tempo.stuckMs,
  });
  const longestMs = size.patience * system.tempo.stuckMs;
  await untilQuiet(evidence, { telegram: system.telegram, longestMs }, signal);
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
type Ordered = Omit<AskedCommand, 'takenAtMs'>;

interface Talk {
  readonly system: ChaosSystem;
  readonly questions: Asked[];
  readonly commands: Ordered[];
  /** By session: what was asked last, and is not answered yet. */
  readonly waiting: Map<string, Asked>;
  readonly signal: AbortSignal;
}

async function speak(place: Place, index: number, size: Size, random: Random, talk: Talk): Promise<void> {
  const { system, questions, waiting, signal } = talk;
  for (let turn = 1; turn <= turnsOf(size, index); turn += 1) {
    const isInOneBreath = random.chance(IN_ONE_BREATH_SHARE);
    const pauseMs = isInOneBreath ? random.between(0, BREATH_MS) : size.longestPauseMs * random.next() ** 2;
    await delay(pauseMs, undefined, { signal });
    if (!isInOneBreath) await untilFree(sessionOf(place), talk);
    if (size.isPatient && !isInOneBreath) await untilAnswered(sessionOf(place), talk);
    if (random.chance(size.commandShare)) order(random.pick(COMMANDS), place, talk);
    const token = `s${index}t${turn}x${random.integer(0x1000, 0xffff).toString(16)}`;
    const isReal = index < size.real;
    const wantsFile = !isReal && random.chance(FILE_SHARE);
    const wish = `${isReal ? ' (real)' : ''}${wantsFile ? ` ${wishMark(token)}` : ''}`;
    const text = `${questionMark(token)} What do you say?${wish}`;
    // Who answers an album's message by itself could not see that the real agent is asked.
    const attached = random.chance(ATTACHED_SHARE) ? random.integer(1, isReal ? 1 : MOST_ATTACHED) : 0;
    const others = Array.from({ length: Math.max(0, attached - 1) }, (_, number) => `${token}f${number}`);
    const tokens = [token, ...others];
    const files = attached > 0 ? tokens.map(fileOf) : [];
    const atMs = Date.now();
    const { message_id: first } = system.telegram.say(place, text, files);
    const asking = tokens.map((one, position) => ({
      token: one,
      session: sessionOf(place),
      chatId: place.chatId,
      messageId: first + position,
      atMs,
      wantsFile: wantsFile && position === 0,
    }));
    questions.push(...asking);
    const [asked] = asking;
    if (asked) waiting.set(asked.session, asked);
  }
}

/** @returns a file that asks by its name, and says so. */
function fileOf(token: string): UserFile {
  return {
    name: askingFile(token),
    mediaType: 'text/plain',
    content: Buffer.from(contentOf(token)),
  };
}

function order(command: Command, place: Place, { system, commands }: Talk): void {
  const atMs = Date.now();
  const { message_id: messageId } = system.telegram.say(place, `/${command}`);
  commands.push({ command, session: sessionOf(place), chatId: place.chatId, messageId, atMs });
}

/** Waits while more sessions wait for an answer than the workers have places: how many a machine can serve is not what is tested. */
async function untilFree(session: string, { system, waiting, signal }: Talk): Promise<void> {
  for (;;) {
    for (const { session: name, token, atMs } of waiting.values())
      if (system.telegram.isAnswered(token) || Date.now() > atMs + system.tempo.stuckMs) waiting.delete(name);
    if (waiting.has(session) || waiting.size < MOST_WAITING[system.storeKind]) return;
    await delay(LOOK_AGAIN_MS, undefined, { signal });
  }
}

async function untilAnswered(session: string, { system, waiting, signal }: Talk): Promise<void> {
  const asked = waiting.get(session);
  if (!asked) return;
  const giveUpAtMs = Date.now() + system.tempo.stuckMs * PATIENT_SHARE;
  while (!system.telegram.isAnswered(asked.token) && Date.now() < giveUpAtMs)
    await delay(LOOK_AGAIN_MS, undefined, { signal });
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
