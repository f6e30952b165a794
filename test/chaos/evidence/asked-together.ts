import type { AskedQuestion, Evidence } from './evidence.ts';

/**
 * By token: the question and those that were merged with it. The proof of it is a request that names them all and that came to the model, or
 * at least to the door of the agent servers.
 */
export type Companions = ReadonlyMap<string, readonly AskedQuestion[]>;

export function askedTogether({ questions, requests, asks }: Evidence): Companions {
  const tokens = new Map(questions.map(({ token }) => [token, new Set([token])]));
  for (const request of [...requests, ...asks])
    for (const token of request.tokens) for (const other of request.tokens) tokens.get(token)?.add(other);
  const byToken = new Map(questions.map((question) => [question.token, question]));
  return new Map(
    Array.from(tokens, ([token, others]) => [
      token,
      Array.from(others).flatMap((other) => byToken.get(other) ?? []),
    ]),
  );
}
