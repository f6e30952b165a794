import { messagePath, routes } from '@omnicloud/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Script, SUMMARY, writeTranscript } from '../../run/scripted-runtime.fixture.ts';
import { jsonl, wholeTurn } from '../../session/transcript/transcript.fixture.ts';
import { agentServer } from '../agent-server.fixture.ts';
import { PERSIST_MARGIN_MS, runLimitMs } from './run-limit.ts';

describe('How long a run may take', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each<[string, (number | undefined)[], number | undefined, number | undefined]>([
    ['for ever without a limit', [undefined, undefined], undefined, undefined],
    ['as long as the only limit says', [undefined, 9_000], undefined, 9_000],
    ['as long as the smaller of two says', [5_000, 9_000], undefined, 5_000],
    ['until there is just time to save before the platform’s end', [], PERSIST_MARGIN_MS + 7_000, 7_000],
    ['no longer than the caller waits, however late the platform ends', [9_000], 900_000, 9_000],
    ['a second, though the platform ends sooner', [], PERSIST_MARGIN_MS, 1_000],
    ['a second, though the platform’s end has passed', [9_000], -1, 1_000],
  ])('is %s', (_, limitsMs, endsInMs, expected) => {
    const deadlineAtMs = endsInMs === undefined ? undefined : Date.now() + endsInMs;
    expect(runLimitMs({ arrivedAtMs: performance.now(), limitsMs, deadlineAtMs })).toBe(expected);
  });

  it('is less by what has passed since the request arrived', () => {
    const limits = {
      arrivedAtMs: performance.now(),
      deadlineAtMs: Date.now() + PERSIST_MARGIN_MS + 20_000,
    };
    vi.advanceTimersByTime(4_000);
    expect(runLimitMs({ ...limits, limitsMs: [9_000] })).toBe(5_000);
    expect(runLimitMs({ ...limits, limitsMs: [] })).toBe(16_000);
    vi.advanceTimersByTime(10_000);
    expect(runLimitMs({ ...limits, limitsMs: [9_000] })).toBe(1_000);
  });
});

/** Works until it is interrupted. */
const endless: Script = async function* (run) {
  const turn = wholeTurn({ answer: 'So far', cwd: run.home.workspace });
  await writeTranscript(run, jsonl(...turn));
  await new Promise((resolve) => {
    run.stop.addEventListener('abort', resolve, { once: true });
  });
  yield { type: 'answer', text: 'So far' };
  yield { ...SUMMARY, isStopped: true } as typeof SUMMARY;
};

describe('A run that would never end', () => {
  const PAUSED = { status: 200, body: { response: 'So far', is_paused: true, is_stopped: false } };

  it('is paused and saved when the caller can wait no longer, in both requests', async () => {
    const server = await agentServer();
    server.runtime.follow(endless);
    const first = await server.ask(routes.create, {
      chat_id: '1',
      user_message: 'Work',
      time_limit_ms: 1_000,
    });
    expect(first).toMatchObject(PAUSED);
    const path = messagePath(String(first.body.session_id));
    expect(await server.ask(path, { user_message: 'Go on', time_limit_ms: 1_000 })).toMatchObject(PAUSED);
    expect(server.runtime.runs.map(({ isResumed }) => isResumed)).toEqual([false, true]);
  });

  it('is paused and saved before the platform ends the request', async () => {
    const server = await agentServer();
    server.runtime.follow(endless);
    const bindings = { deadlineAtMs: Date.now() + PERSIST_MARGIN_MS + 1_000 };
    const asked = { chat_id: '1', user_message: 'Work', time_limit_ms: 86_400_000 };
    expect(await server.ask(routes.create, asked, { bindings })).toMatchObject(PAUSED);
  });
});

it.each([999, 86_400_001, 1_500.5, '2000'])('A time limit of %j ms is refused', async (limit) => {
  const server = await agentServer();
  const asked = { chat_id: '1', user_message: 'Hi', time_limit_ms: limit };
  expect(await server.ask(routes.create, asked)).toMatchObject({
    status: 400,
    body: { error: { code: 'bad_request' } },
  });
});
