// one place: questions, some of them in one breath, with files, after a command, or stopped → what was asked there
import { setTimeout as delay } from 'node:timers/promises';
import type { UserFile } from '@omnicloud/demo/internal/telegram/page/user-files.ts';
import type { AskedCommand, AskedQuestion, Command } from '../evidence/evidence.ts';
import { askingFile, contentOf, LONG_THOUGHT, questionMark, wishMark } from '../evidence/marks.ts';
import type { Random } from '../surroundings/random.ts';
import type { ChaosSystem } from '../surroundings/system.ts';
import { type Place, sessionOf } from './places.ts';

/** What the people of a place do. */
export interface Habits {
  /** Between two questions, in ms; some come before the last answer, and some in one breath. */
  readonly longestPauseMs: number;
  /** Whether people wait for an answer, though not for ever, before they ask again; unless that is in one breath. */
  readonly isPatient: boolean;
  /** The share of questions before which there is a command. */
  readonly commandShare: number;
  /** The share of questions that are stopped. */
  readonly stopShare: number;
  /** The share of questions before which the stored conversation is damaged. */
  readonly damageShare: number;
}

/** One place's part in the talk. */
interface Role {
  readonly turns: number;
  /** Whether the real agent is asked. */
  readonly isReal: boolean;
  /** Its number among the places. */
  readonly index: number;
  /** Its second question is stopped, and its conversation damaged before the third, so that a small run has that too. */
  readonly isFirst: boolean;
}

export type Asked = Omit<AskedQuestion, 'takenAtMs'>;
export type Ordered = Omit<AskedCommand, 'takenAtMs'>;

export interface Talk {
  readonly system: ChaosSystem;
  readonly questions: Asked[];
  readonly commands: Ordered[];
  /** By session: what was asked last, and is not answered yet. */
  readonly waiting: Map<string, Asked>;
  readonly signal: AbortSignal;
}

/** Half of them begin a new conversation; a stop mostly has nothing to stop. */
const COMMANDS: readonly Command[] = ['new', 'new', 'new', 'help', 'status', 'stop'];
const BREATH_MS = 300;
const IN_ONE_BREATH_SHARE = 0.3;
/** The share of questions that want a file. */
const FILE_SHARE = 0.15;
/** The share of questions that come with files, and the most of them: an album. */
const ATTACHED_SHARE = 0.08;
const MOST_ATTACHED = 4;
/** Two workers have eight places each; the servers of the AWS stores are fewer hands than that. */
const MOST_WAITING = { embedded: 16, aws: 6 };
const LOOK_AGAIN_MS = 250;
/** The first of the places have their conversation damaged before this question. */
const DAMAGED_BEFORE = 4;
/** What was answered is saved, or its run has ended, within so many leases. */
const SAVED_WITHIN_LEASES = 1.5;
/** Who is patient waits for such a part of the time after which a question is stuck. */
const PATIENT_SHARE = 0.2;
/** Of what is stopped, such a share while the model works on it; the rest right after it was asked. Each stop in ms. */
const STOPPED_AT_WORK_SHARE = 0.7;
const STOP_WITHIN_MS = 600;

/** Says everything that is said in one place. @throws the signal's reason when it aborts. */
export async function speak(
  place: Place,
  {
    role: { turns, index, isReal, isFirst },
    habits,
    random,
    talk,
  }: { readonly role: Role; readonly habits: Habits; readonly random: Random; readonly talk: Talk },
): Promise<void> {
  const { signal } = talk;
  const session = sessionOf(place);
  for (let turn = 1; turn <= turns; turn += 1) {
    const isInOneBreath = random.chance(IN_ONE_BREATH_SHARE);
    const pauseMs = isInOneBreath ? random.between(0, BREATH_MS) : habits.longestPauseMs * random.next() ** 2;
    await delay(pauseMs, undefined, { signal });
    if (!isInOneBreath) await untilFree(session, talk);
    if (habits.isPatient && !isInOneBreath) await untilAnswered(session, talk);
    const isToDamage = random.chance(habits.damageShare) || (isFirst && turn === DAMAGED_BEFORE);
    if (isToDamage) await damage(session, talk);
    const speaker = random.pick(place.speakers);
    if (random.chance(habits.commandShare)) order(random.pick(COMMANDS), place, { speaker, talk });
    const token = `s${index}t${turn}x${random.integer(0x1000, 0xffff).toString(16)}`;
    const wantsFile = !isReal && random.chance(FILE_SHARE);
    const isStopped = random.chance(habits.stopShare) || (isFirst && turn === 2);
    const wishes = [
      ...(isReal ? ['(real)'] : []),
      ...(wantsFile ? [wishMark(token)] : []),
      ...(isStopped ? [LONG_THOUGHT] : []),
    ];
    const text = [`${questionMark(token)} What do you say?`, ...wishes].join(' ');
    // Who answers an album's message by itself could not see that the real agent is asked.
    const attached = random.chance(ATTACHED_SHARE) ? random.integer(1, isReal ? 1 : MOST_ATTACHED) : 0;
    const asked = ask({ token, text, attached, wantsFile }, { place, speaker, talk });
    if (isStopped) await stop(asked, place, { speaker, chances: { random, talk } });
  }
}

/** What is stored is damaged when nobody works on it, which is waited for, but not for ever. */
async function damage(session: string, talk: Talk): Promise<void> {
  const { system, signal } = talk;
  if (!(await untilAnswered(session, talk))) return;
  await delay(SAVED_WITHIN_LEASES * system.tempo.leaseMs, undefined, { signal });
  await system.damage?.damage(session);
}

/** What is asked at once: a text, and with it so many files. */
interface Asking {
  readonly token: string;
  readonly text: string;
  readonly attached: number;
  readonly wantsFile: boolean;
}

export function ask(
  { token, text, attached, wantsFile }: Asking,
  { place, speaker, talk }: { readonly place: Place; readonly speaker: number; readonly talk: Talk },
): Asked {
  const { system, questions, waiting } = talk;
  const others = Array.from({ length: Math.max(0, attached - 1) }, (_, number) => `${token}f${number}`);
  const tokens = [token, ...others];
  const atMs = Date.now();
  const files = attached > 0 ? tokens.map(fileOf) : [];
  const { message_id: first } = system.telegram.say(place, text, { from: speaker, files });
  const question = (one: string, position: number): Asked => ({
    token: one,
    session: sessionOf(place),
    chatId: place.chatId,
    messageId: first + position,
    atMs,
    wantsFile: wantsFile && position === 0,
    // In a group, and so in a forum, the model is told who speaks.
    ...(place.chatId < 0 ? { speaker } : {}),
  });
  const asked = question(token, 0);
  questions.push(asked, ...others.map((one, index) => question(one, index + 1)));
  waiting.set(asked.session, asked);
  return asked;
}

/** @returns a file that asks by its name, and says so. */
function fileOf(token: string): UserFile {
  return {
    name: askingFile(token),
    mediaType: 'text/plain',
    content: Buffer.from(contentOf(token)),
  };
}

function order(
  command: Command,
  place: Place,
  { speaker, talk: { system, commands } }: { readonly speaker: number; readonly talk: Talk },
): void {
  const atMs = Date.now();
  const { message_id: messageId } = system.telegram.say(place, `/${command}`, { from: speaker });
  commands.push({ command, session: sessionOf(place), chatId: place.chatId, messageId, atMs });
}

/** Says `/stop` soon: most of the time while the model works on the question, and not for ever. */
async function stop(
  asked: Asked,
  place: Place,
  {
    speaker,
    chances: { random, talk },
  }: { readonly speaker: number; readonly chances: { readonly random: Random; readonly talk: Talk } },
): Promise<void> {
  const { system, waiting, signal } = talk;
  const isAtWork = random.chance(STOPPED_AT_WORK_SHARE);
  const afterMs = random.between(0, STOP_WITHIN_MS);
  const giveUpAtMs = Date.now() + system.tempo.stuckMs * PATIENT_SHARE;
  while (isAtWork && !system.model.isWorkingOn(asked.token) && Date.now() < giveUpAtMs)
    await delay(LOOK_AGAIN_MS, undefined, { signal });
  await delay(afterMs, undefined, { signal });
  order('stop', place, { speaker, talk });
  // Nobody waits for its answer any more.
  waiting.delete(asked.session);
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

/** @returns whether nothing waits for an answer. */
async function untilAnswered(session: string, { system, waiting, signal }: Talk): Promise<boolean> {
  const asked = waiting.get(session);
  if (!asked) return true;
  const giveUpAtMs = Date.now() + system.tempo.stuckMs * PATIENT_SHARE;
  while (!system.telegram.isAnswered(asked.token) && Date.now() < giveUpAtMs)
    await delay(LOOK_AGAIN_MS, undefined, { signal });
  return system.telegram.isAnswered(asked.token);
}
