import type { Evidence, ModelAsked, ShownMessage, TelegramCall } from './evidence.ts';
import { answerMark, marksIn } from './marks.ts';

export const CHAT = 7;
export const WORKER = 'worker-1#1';

/** Evidence that a test may spoil. */
export type Draft = { -readonly [K in keyof Evidence]: Evidence[K][number][] };

/** @returns the text of an answer to a question, by one run of the model. */
export function answerText(token: string, run: string, part = 1, parts = 1): string {
  return answerMark({ token, run, part, parts });
}

/** @returns what is seen of one session in which each question is asked after the last answer, and all goes well. */
export function soundRun(tokens: readonly string[]): Draft {
  const draft: Draft = { questions: [], requests: [], calls: [], shown: [], blows: [] };
  const history: ModelAsked['history'][number][] = [];
  for (const [index, token] of tokens.entries()) {
    const atMs = 1_000 * (index + 1);
    const messageId = 10 * (index + 1);
    draft.questions.push({ token, chatId: CHAT, messageId, atMs });
    draft.requests.push({ token, atMs: atMs + 100, endedAtMs: atMs + 200, history: [...history] });
    const text = answerText(token, `run-of-${token}`.replaceAll('-', '_'));
    draft.calls.push(sendOf(text, messageId, atMs + 300));
    draft.shown.push(shown(text, messageId + 1, messageId));
    history.push({ token, run: `run_of_${token}` });
  }
  return draft;
}

export function sendOf(text: string, replyTo: number, atMs: number): TelegramCall {
  return {
    method: 'sendMessage',
    sender: WORKER,
    chatId: CHAT,
    replyTo,
    marks: marksIn(text),
    atMs,
    isCarriedOut: true,
    isAnswerLost: false,
  };
}

export function shown(text: string, messageId: number, replyTo: number): ShownMessage {
  return { chatId: CHAT, messageId, replyTo, text };
}
