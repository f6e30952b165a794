// stored session → (already answered? replay) → restore, attachments → run (events pass through) → persist → save the mapping → files, finished | paused | failed
import type { RunEvent } from '@omnicloud/protocol';
import { AgentError, toAgentError } from '../../errors.ts';
import type { RunSummary } from '../../run/agent-runtime.ts';
import { cutAtOutputLimit } from '../../run/events/run-failure.ts';
import { Outbox } from '../../session/files/outbox.ts';
import { endLeftoverCli } from '../../session/home/end-leftover-cli.ts';
import { type SessionHome, sessionHome } from '../../session/home/session-home.ts';
import type { LastTurn } from '../../session/last-turn.ts';
import { bothLosses } from '../../session/losses.ts';
import { persistDebugLog } from '../../session/persist.ts';
import { placedFor, runOf } from './begin-run.ts';
import { closingEvents, type TurnResult } from './closing-events.ts';
import { belowEarlier, type Earlier, GO_ON } from './go-on.ts';
import { saveMappingAgain } from './save-mapping.ts';
import { claimed, saveTurn, storeUnsaved, type Unsaved } from './save-turn.ts';
import { saveUnfinished, transcriptBytes } from './save-unfinished.ts';
import { occupyHome } from './occupy-home.ts';
import type { TurnDeps, TurnToRun } from './turn-to-run.ts';

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
  await using occupied = await occupyHome(turn.stored, home, {
    key: turn.idempotencyKey,
    deps,
    beforeDrop: () => keepDebugLog(home, turn, deps),
  });
  const lost = bothLosses(earlier?.lost, { ...occupied.lost, turns: turn.stored.lostTurns });
  // An earlier run of the turn had them, and left them in the workspace.
  const attached = earlier ? [] : await placedFor(turn, home, deps);
  await using outbox = new Outbox(home);
  const restored = clock();
  let summary: RunSummary | undefined;
  let answer = '';
  const prompt = earlier && GO_ON;
  const run = runOf(turn, { home, outbox, attached, prompt, ended: occupied.ended }, deps);
  const beganAt = await transcriptBytes(home);
  try {
    const events = unlessEnded(deps.runtime.run(run), occupied.ended);
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
    workspace = await saveTurn(turn, { home, result, outbox }, deps);
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
