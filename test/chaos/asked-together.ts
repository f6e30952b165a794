import type { AskedQuestion, Evidence } from './evidence.ts';

/** By token: the question and those that the model was asked together with it, because their messages were merged. */
export type Companions = ReadonlyMap<string, readonly AskedQuestion[]>;

export function askedTogether({ questions, requests }: Evidence): Companions {
  const tokens = new Map(questions.map(({ token }) => [token, new Set([token])]));
  for (const request of requests)
    for (const token of request.tokens) for (const other of request.tokens) tokens.get(token)?.add(other);
  const byToken = new Map(questions.map((question) => [question.token, question]));
  return new Map(
    Array.from(tokens, ([token, others]) => [
      token,
      Array.from(others).flatMap((other) => byToken.get(other) ?? []),
    ]),
  );
}
