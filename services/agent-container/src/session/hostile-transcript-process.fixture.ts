/**
 * A process that meets one of the hostile transcripts, the one of its second argument, as the server does. In a session below the folder of
 * its first argument, the transcript is first what the CLI left (it is saved), then what is stored (a turn is made with it, and another
 * one). It writes how that ended, by how many bytes its memory grew at most, and the longest time in which nobody else was served, in ms.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { sessionObjectKey } from '@omnicloud/storage';
import { AgentError } from '../errors.ts';
import { savedCostUsd } from '../run/saved-cost.ts';
import { DirectorySessionStore } from './store/directory-session-store.ts';
import { HOSTILE_TRANSCRIPTS, LARGEST_BYTES, writeHostile } from './hostile-transcript.fixture.ts';
import { openSession } from './open-session.ts';
import { persist } from './persist.ts';
import { restore } from './restore.ts';
import { sessionHome } from './home/session-home.ts';
import { jsonl, wholeTurn } from './transcript/transcript.fixture.ts';

setFlagsFromString('--expose-gc');
/** What one step left does not count for the next one. */
const collectGarbage = runInNewContext('gc') as () => void;

const [, , root = '', name = ''] = process.argv;
const objects = join(root, 'objects');
const store = new DirectorySessionStore(objects);
const image = join(root, 'image');
await mkdir(image, { recursive: true });

/** @returns the code of the error by which it ended, and `ok` otherwise. */
async function endOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'ok';
  } catch (error) {
    if (error instanceof AgentError) return error.code;
    throw error;
  }
}

async function meet(hostile: (typeof HOSTILE_TRANSCRIPTS)[string]): Promise<object> {
  const sessionId = randomUUID();
  const home = sessionHome(join(root, 'work'), sessionId);
  const key = join(objects, sessionObjectKey(sessionId, 'conversation.jsonl'));
  const whole = jsonl(...wholeTurn({ cwd: home.workspace }));
  const isWhole = async (): Promise<boolean> => (await readFile(key, 'utf8')) === whole;
  const damages: string[] = [];
  const lostTurns: (number | undefined)[] = [];
  const turn = async (): Promise<void> => {
    const stored = await openSession(store, sessionId, ({ message }) => damages.push(message));
    lostTurns.push(stored.lostTurns);
    await restore(stored, home, { imageFolder: image });
    await savedCostUsd(home.transcript);
    await persist(home, store, { before: stored.version, files: stored.files, retryDelaysMs: [] });
  };

  await mkdir(dirname(key), { recursive: true });
  await writeFile(key, whole);
  const { version, files } = await openSession(store, sessionId, () => undefined);
  await mkdir(dirname(home.transcript), { recursive: true });
  await writeHostile(home.transcript, whole, hostile);
  const saved = await endOf(persist(home, store, { before: version, files, retryDelaysMs: [] }));
  const isKept = await isWhole();
  const turnAfter = await endOf(turn());
  collectGarbage();

  await writeHostile(key, whole, hostile);
  const turnWithIt = await endOf(turn());
  collectGarbage();
  const begin = (await readFile(key)).subarray(0, whole.length).toString();
  const turnAfterwards = await endOf(turn());
  await rm(dirname(key), { recursive: true });
  await rm(home.root, { recursive: true });
  collectGarbage();
  const isRepaired = begin === whole;
  return { saved, isKept, turnAfter, turnWithIt, isRepaired, turnAfterwards, lostTurns, damages };
}

/** How long nobody would be served if the largest were digested at once, in ms: the machine's own measure of time. */
function digestMs(): number {
  const part = Buffer.alloc(LARGEST_BYTES / 10);
  const hash = createHash('sha256');
  const beganAt = performance.now();
  hash.update(part);
  return (performance.now() - beganAt) * 10;
}

const hostile = HOSTILE_TRANSCRIPTS[name];
if (hostile === undefined) throw new RangeError(`There is no hostile transcript named ${name}`);
const before = process.memoryUsage.rss();
const delays = monitorEventLoopDelay({ resolution: 10 });
delays.enable();
const ended = await meet(hostile);
const grownBytes = process.resourceUsage().maxRSS * 1024 - before;
console.log(JSON.stringify({ grownBytes, blockedMs: delays.max / 1e6, digestMs: digestMs(), ...ended }));
