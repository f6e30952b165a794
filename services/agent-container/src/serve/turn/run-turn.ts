// stored session → (already answered? replay) → restore, attachments → run (events pass through) → persist → save the mapping → files, finished | paused | failed
import {
  type Attachment,
  type MissingFile,
  outboxObject,
  type RunEvent,
  type RunMetadata,
  sessionObjectKey,
} from '@omnicloud/protocol';
import type { SessionTable } from '@omnicloud/storage';
import { AgentError, toAgentError } from '../../errors.ts';
import type { AgentRuntime, RunSummary } from '../../run/agent-runtime.ts';
import { cutAtOutputLimit } from '../../run/events/run-failure.ts';
import { endLeftoverCli } from '../../session/home/end-leftover-cli.ts';
import type { HeldSession } from '../../session/lease/hold-session.ts';
import { type LastTurn, questionDigest } from '../../session/last-turn.ts';
import { bothLosses } from '../../session/losses.ts';
import { Outbox } from '../../session/files/outbox.ts';
import { persist, persistDebugLog } from '../../session/persist.ts';
import { putPersistently } from '../../session/store/put-persistently.ts';
import type { StoredSession } from '../../session/restore.ts';
import { type SessionHome, sessionHome } from '../../session/home/session-home.ts';
import { ownerMark } from '../../session/store/session-owner.ts';
import type { SessionStore } from '../../session/store/session-store.ts';
import { placedFor, runOf } from './begin-run.ts';
import { closingEvents, type TurnResult } from './closing-events.ts';
import { belowEarlier, type Earlier, GO_ON } from './go-on.ts';
import { type MappingChange, saveMapping, saveMappingAgain } from './save-mapping.ts';
import { saveUnfinished, transcriptBytes } from './save-unfinished.ts';
import { type HomeDeps, stayInHome } from './stay-in-home.ts';

export interface TurnDeps extends HomeDeps {
  readonly store: SessionStore;
  readonly table: SessionTable;
  readonly runtime: AgentRuntime;
  /** How long one request may take until the agent is interrupted and `paused`, in ms. No limit unless given. */
  readonly turnLimitMs?: number;
  /** @returns a signal that aborts when the time has passed, in ms; `AbortSignal.timeout` unless given. */
  readonly alarm?: (ms: number) => AbortSignal;
  /** Waits before further tries of a write that failed, in ms; up to some seconds together unless given. */
  readonly saveRetryDelaysMs?: readonly number[];
  /** Told of every failure that the caller only sees as a code. */
  readonly onError: (error: AgentError, sessionId: string) => void;
}

export interface TurnToRun {
  readonly sessionId: string;
  /** What becomes of the conversation's mapping when the turn is saved; nothing, when nobody said which conversation it is. */
  readonly mapping: MappingChange | undefined;
  readonly stored: StoredSession;
  /** The turn itself, when an earlier request under its key saved it, finished or not. */
  readonly answered: LastTurn | undefined;
  readonly userMessage: string;
  /** Files that the user sent with it, and the conversation that they are kept for. */
  readonly attachments: readonly Attachment[] | undefined;
  /** Files that the user sent with it, too, and that could not be fetched. */
  readonly missingFiles: readonly MissingFile[] | undefined;
  /** `chat_id:thread_id`, as far as it is known: where the user says stop, and where attachments come from. */
  readonly conversation: string | undefined;
  /** The same for every try of one turn. */
  readonly idempotencyKey: string | undefined;
  readonly metadata: RunMetadata | undefined;
  /** When the request arrived, by `performance.now()`. */
  readonly arrivedAtMs: number;
  /** The caller's own limit, from the arrival on; in ms. */
  readonly timeLimitMs: number | undefined;
  /** When the platform ends this request; ms since 1970. */
  readonly deadlineAtMs: number | undefined;
  /** The right to run the session; the caller lets it go. */
  readonly held: HeldSession;
  /** Aborts when the reader has gone. */
  readonly signal: AbortSignal;
}

/**
 * Runs one turn. Never throws: what goes wrong is its terminal event, and then what the run finished was saved as far as `saveUnfinished` says. Asked
 * again, such a turn goes on from there.
 */
export async function* runTurn(turn: TurnToRun, deps: TurnDeps): AsyncGenerator<RunEvent, void, undefined> {
  const home = sessionHome(deps.workRoot, turn.sessionId);
  const { answered } = turn;
  const lostTurns = bothLosses(answered?.lost, { turns: turn.stored.lostTurns })?.turns;
  yield {
    type: 'accepted',
    session_id: turn.sessionId,
    is_new: turn.stored.conversation === undefined,
    ...(lostTurns === undefined ? {} : { repaired: lostTurns }),
  };
  const unsaved: Unsaved = { lostFiles: 0 };
  try {
    yield* answered && !answered.is_unfinished
      ? replay(turn, answered, deps)
      : runAndSave(turn, { home, earlier: answered, unsaved }, deps);
  } catch (cause) {
    const isOurs = await isStillOurs(turn, deps);
    const error = isOurs === false ? leaseLost(cause) : toAgentError(cause);
    deps.onError(error, turn.sessionId);
    const { lostFiles } = unsaved;
    yield { type: 'failed', error: error.toWire(), ...(lostFiles > 0 ? { lost_files: lostFiles } : {}) };
  }
}

async function* runAndSave(
  turn: TurnToRun,
  way: Way,
  deps: TurnDeps,
): AsyncGenerator<RunEvent, void, undefined> {
  // Whoever hears the terminal event may send the next message at once: by then nothing here touches the home any more.
  yield* yield* runInHome(turn, way, deps);
}

/** @returns the events that end the turn. */
async function* runInHome(
  turn: TurnToRun,
  { home, earlier, unsaved }: Way,
  deps: TurnDeps,
): AsyncGenerator<RunEvent, RunEvent[], undefined> {
  const clock = phaseClock();
  await endLeftoverCli(home);
  await using stay = await stayInHome(turn.stored, home, turn.idempotencyKey, deps, () =>
    keepDebugLog(home, turn, deps),
  );
  const lost = bothLosses(earlier?.lost, { ...stay.lost, turns: turn.stored.lostTurns });
  // An earlier run of the turn had them, and left them in the workspace.
  const attached = earlier ? [] : await placedFor(turn, home, deps);
  await using outbox = new Outbox(home);
  const restored = clock();
  let summary: RunSummary | undefined;
  let answer = '';
  const prompt = earlier && GO_ON;
  const run = runOf(turn, { home, outbox, attached, prompt, ended: stay.ended }, deps);
  const beganAt = await transcriptBytes(home);
  try {
    const events = unlessEnded(deps.runtime.run(run), stay.ended);
    for await (const event of belowEarlier(events, earlier)) {
      if (event.type === 'answer') answer = event.text;
      else if (event.type === 'summary') summary = event;
      else yield event;
    }
  } catch (cause) {
    const error = toAgentError(cause);
    const reached = await saveUnfinished(turn, { error, home, outbox, earlier, lost, beganAt }, deps);
    // Nobody will go on with it by itself, so what there is is given now.
    if (reached && !error.retryable) {
      yield { type: 'answer', text: reached.answer, is_partial: true };
      for (const file of reached.files) yield { type: 'file', ...file };
    }
    throw cause;
  }
  if (!summary) throw new Error('The runtime ended without a summary');
  const { usage, costUsd, turns, isStopped, isCut = false } = summary;
  if (isCut) deps.onError(cutAtOutputLimit(), turn.sessionId);
  // Interrupted, but not by the user: the time is up.
  const isPaused = isStopped && !turn.held.stopped.aborted;
  yield { type: 'answer', text: answer, ...(isPaused ? { is_partial: true } : {}) };
  if (!(await turn.held.confirm())) throw leaseLost(undefined);
  const ran = clock();
  const result = {
    answer,
    usage,
    is_stopped: isStopped && !isPaused,
    is_paused: isPaused,
    ...(isCut ? { is_cut: true } : {}),
    cost_usd: costUsd,
    turns,
    files: [...(earlier?.files ?? []), ...outbox.files.map(({ file }) => file)],
    ...(lost === undefined ? {} : { lost }),
  };
  let workspace: TurnResult['workspace'];
  try {
    workspace = await save(turn, home, result, outbox, deps);
  } catch (error) {
    // The answer is given all the same, and the files that can be stored go with it.
    if (error instanceof AgentError && error.code === 'store_unavailable')
      yield* storeUnsaved({ turn, home, outbox, unsaved }, deps);
    throw error;
  }
  const persisted = clock();
  const duration = { restore: restored, run: ran, persist: persisted, total: restored + ran + persisted };
  return closingEvents(turn.sessionId, { ...result, workspace }, duration);
}

interface Way {
  readonly home: SessionHome;
  /** What an earlier run of the turn has finished, which the conversation ends with. */
  readonly earlier: Earlier | undefined;
  readonly unsaved: Unsaved;
}

/** What is to be told of a turn that could not be saved. */
interface Unsaved {
  lostFiles: number;
}

interface UnsavedTurn {
  readonly turn: TurnToRun;
  readonly home: SessionHome;
  readonly outbox: Outbox;
  readonly unsaved: Unsaved;
}

/** No name of these files is ever used again, so whoever has lost the session harms nobody with them. */
async function* storeUnsaved(
  { turn, home, outbox, unsaved }: UnsavedTurn,
  deps: TurnDeps,
): AsyncGenerator<RunEvent, void, undefined> {
  const mark = ownerMark(home.sessionId, turn.conversation);
  for (const { file, read } of outbox.files) {
    try {
      // Without it, nobody who names this conversation is given the file.
      if (mark) await putPersistently(deps.store, mark.key, mark.body, undefined, deps.saveRetryDelaysMs);
      const key = sessionObjectKey(home.sessionId, outboxObject(file.file_id));
      await putPersistently(deps.store, key, await read(), undefined, deps.saveRetryDelaysMs);
    } catch (error) {
      deps.onError(toAgentError(error), home.sessionId);
      unsaved.lostFiles += 1;
      continue;
    }
    yield { type: 'file', ...file };
  }
}

async function save(
  turn: TurnToRun,
  home: SessionHome,
  result: Omit<TurnResult, 'workspace'>,
  outbox: Outbox,
  deps: TurnDeps,
): Promise<TurnResult['workspace']> {
  const key = turn.idempotencyKey;
  const lastTurn =
    key === undefined
      ? undefined
      : { idempotency_key: key, question_sha256: questionDigest(turn), ...result };
  const { version: before, files } = turn.stored;
  const workspace = await persist(home, deps.store, {
    before,
    files,
    limits: deps.workspaceLimits,
    turn: lastTurn,
    conversation: turn.conversation,
    outbox: outbox.files,
    confirm: () => turn.held.confirm(),
    retryDelaysMs: deps.saveRetryDelaysMs,
    onLeftover: (error) => deps.onError(toAgentError(error), turn.sessionId),
  });
  if (turn.mapping) await claimed(saveMapping(turn.mapping, { ...deps, ...turn }));
  return workspace;
}

/** The turn itself is saved by now: asked again, it is answered from there, so this is no answer that could not be saved. */
async function claimed(saving: Promise<void>): Promise<void> {
  try {
    await saving;
  } catch (error) {
    if (error instanceof AgentError) throw error;
    throw new AgentError('internal', 'The conversation could not be given to its session', { cause: error });
  }
}

/** The caller asks again for a turn that is saved: it never heard the end. */
async function* replay(
  turn: TurnToRun,
  answered: LastTurn,
  deps: TurnDeps,
): AsyncGenerator<RunEvent, void, undefined> {
  yield { type: 'answer', text: answered.answer };
  if (turn.mapping) await claimed(saveMappingAgain(turn.mapping, { ...deps, ...turn }));
  yield* closingEvents(turn.sessionId, answered, { restore: 0, run: 0, persist: 0, total: 0 });
}

function leaseLost(cause: unknown): AgentError {
  return new AgentError('lease_lost', 'Another server took this session over; this run was ended', { cause });
}

/** @returns false also for a run that was frozen and has not noticed yet; undefined when it cannot be told. */
async function isStillOurs(turn: TurnToRun, deps: TurnDeps): Promise<boolean | undefined> {
  try {
    return await turn.held.confirm();
  } catch (error) {
    deps.onError(toAgentError(error), turn.sessionId);
    return undefined;
  }
}

/** @throws the reason of the end when the run threw because of it. */
async function* unlessEnded<Event>(
  events: AsyncIterable<Event>,
  ended: AbortSignal,
): AsyncGenerator<Event, void, undefined> {
  try {
    yield* events;
  } catch (error) {
    throw ended.aborted ? ended.reason : error;
  }
}

/** The log matters most when the turn failed; that it cannot be saved either must not hide the failure itself. */
async function keepDebugLog(home: SessionHome, turn: TurnToRun, deps: TurnDeps): Promise<void> {
  try {
    // Who has lost the session writes nothing more into it.
    if ((await isStillOurs(turn, deps)) !== true) return;
    await persistDebugLog(home, deps.store);
  } catch (error) {
    deps.onError(toAgentError(error), turn.sessionId);
  }
}

/** @returns a function that tells the ms since it was last called. */
function phaseClock(): () => number {
  let last = performance.now();
  return () => {
    const now = performance.now();
    const passed = Math.round(now - last);
    last = now;
    return passed;
  };
}
