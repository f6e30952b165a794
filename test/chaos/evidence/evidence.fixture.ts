import { check } from '../checker/checker.ts';
import type { AgentAsked, Evidence, ModelAsked, ShownMessage, TelegramCall } from './evidence.ts';
import { figures } from './figures.ts';
import { answerMark, marksIn } from './marks.ts';
import type { Rule } from '../checker/verdict.ts';

const CHAT = 7;
export const SESSION = '7:0';
export const OTHER_SESSION = '7:5';
export const WORKER = 'worker-1#1';
export const STUCK_MS = 30_000;
export const AGENT = 'agent-1#1';

/** Evidence that a test may spoil. */
export type Draft = {
  -readonly [K in keyof Evidence]: Evidence[K] extends readonly (infer Item)[] ? Item[] : Evidence[K];
};

/** @returns the text of an answer to a question, by one run of the model. */
export function answerText(
  token: string,
  {
    run,
    part = 1,
    parts = 1,
  }: { readonly run: string; readonly part?: number | undefined; readonly parts?: number | undefined },
): string {
  return answerMark({ token, run, part, parts });
}

/** @returns what is seen of one session in which each question is asked after the last answer, and all goes well. */
export function soundRun(tokens: readonly string[]): Draft {
  const draft: Draft = {
    questions: [],
    commands: [],
    requests: [],
    modelFailures: [],
    calls: [],
    shown: [],
    blows: [],
    absences: [],
    asks: [],
    storeFailures: [],
    damages: [],
    typing: [],
    writingDownMs: 500,
    stoppingMs: 2_000,
    stuckMs: STUCK_MS,
  };
  const history: ModelAsked['history'][number][] = [];
  for (const [index, token] of tokens.entries()) {
    const atMs = 1_000 * (index + 1);
    const messageId = 10 * (index + 1);
    const run = `run_of_${token}`;
    draft.questions.push({ token, session: SESSION, chatId: CHAT, messageId, atMs, takenAtMs: atMs });
    draft.requests.push({
      tokens: [token],
      run,
      atMs: atMs + 100,
      endedAtMs: atMs + 200,
      history: [...history],
    });
    const text = answerText(token, { run });
    draft.calls.push(sendOf(text, messageId, atMs + 300));
    draft.shown.push(shown(text, messageId + 1, messageId));
    history.push({ token, run });
  }
  return draft;
}

/** @returns the send of the message `replyTo + 1`. */
export function sendOf(text: string, replyTo: number, atMs: number): TelegramCall {
  return {
    method: 'sendMessage',
    sender: WORKER,
    session: SESSION,
    messageId: replyTo + 1,
    chatId: CHAT,
    replyTo,
    marks: marksIn(text),
    reaction: undefined,
    atMs,
    isCarriedOut: true,
    isAnswerLost: false,
  };
}

/** @returns a request of the worker to the first agent server; it takes 200 ms. */
export function askOf(tokens: readonly string[], atMs: number): AgentAsked {
  const ending = 'whole' as const;
  return { worker: WORKER, agent: AGENT, session: SESSION, tokens, atMs, endedAtMs: atMs + 200, ending };
}

export function shown(text: string, messageId: number, replyTo: number): ShownMessage {
  return { session: SESSION, chatId: CHAT, messageId, replyTo, text };
}

/** Lets so many calls to the stores fail that are made for the session, from a time on. */
export function harm(run: Draft, atMs: number, times = 3): void {
  for (let one = 0; one < times; one += 1)
    run.storeFailures.push({ session: SESSION, store: 'objects', atMs: atMs + one });
}

/** @returns what finds the rules that a run breaks, and the question that each of them names, after it was spoilt. */
export function brokenOf(sound: () => Draft): (spoil: (run: Draft) => void) => [Rule, string][] {
  return (spoil) => {
    const run = sound();
    spoil(run);
    return check(run).violations.map(({ rule, token }) => [rule, token]);
  };
}

/** @returns an element of a list that the fixture made. */
export function at<Item>(items: Item[], index: number): Item {
  const item = items[index];
  if (item === undefined) throw new Error(`There is no item ${index}`);
  return item;
}

export function figure(run: Draft, name: string): number | undefined {
  return new Map(figures(run, check(run))).get(name);
}

/** @returns as `soundRun` of `a` and `d`; between them `b` and `c` are asked in one breath and answered together. */
export function mergedRun(): Draft {
  const draft = soundRun(['a', 'b', 'c', 'd']);
  const run = 'run_of_b';
  const text = `${answerText('b', { run })} ${answerText('c', { run })} That is all.`;
  const [, asked] = draft.requests;
  if (asked) draft.requests.splice(1, 2, { ...asked, tokens: ['b', 'c'] });
  draft.calls.splice(1, 2, sendOf(text, 30, 3_300));
  draft.shown.splice(1, 2, shown(text, 31, 30));
  const last = draft.requests.pop();
  const history = last?.history.map((turn) => (turn.token === 'c' ? { ...turn, run } : turn)) ?? [];
  if (last) draft.requests.push({ ...last, history });
  return draft;
}
