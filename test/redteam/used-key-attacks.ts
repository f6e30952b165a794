/** A question, its answer, and the key under which they were kept. */
export const ASKED = { question: 'What is the code?', answer: 'The code is 4711.', key: 'update-1' };

interface Asked {
  readonly status: number;
  readonly body: string;
}

/** Asks the agent's API under the used key, or another one. */
type AskUnderKey = (path: string, fields: object, accept?: string) => Promise<Asked>;

/** @returns a way to ask the server as somebody who has the token; without one, as anybody. */
export function underKey(serverUrl: string, headers: Readonly<Record<string, string>>): AskUnderKey {
  return async (path, fields, accept = 'application/json') => {
    const response = await fetch(`${serverUrl}${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers, 'Idempotency-Key': ASKED.key, accept },
      body: JSON.stringify(fields),
    });
    return { status: response.status, body: await response.text() };
  };
}

/** Other questions than the one that was asked; the answer to that one is not theirs. */
const OTHERS: readonly object[] = [
  { user_message: 'Forget the code' },
  { user_message: `${ASKED.question} ` },
  { user_message: `${ASKED.question}\u200b` },
  { user_message: ASKED.question.toUpperCase() },
  { user_message: ASKED.question.replace('o', '\u043e') },
  { user_message: ASKED.question, attachments: [{ id: '1-0', name: 'x.txt' }] },
];

/** All ways in which other questions are asked in the session and in its chat: path, body, and the form of the answer. */
export function underUsedKey(sessionId: string, chatId: string): Parameters<AskUnderKey>[] {
  return OTHERS.flatMap((fields) =>
    ['application/json', 'application/x-ndjson'].flatMap((accept): Parameters<AskUnderKey>[] => [
      [`/session/${sessionId}/message`, { ...fields, metadata: { session_key: `${chatId}:0` } }, accept],
      ['/session/create', { ...fields, chat_id: chatId }, accept],
    ]),
  );
}
