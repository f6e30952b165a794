import type { RunEvent } from '@omnicloud/protocol';
import { AgentUnreachableError } from '../../errors.ts';
import { type AgentRequest, type AgentServer, askAgent } from './agent-client.ts';

export const REQUEST: AgentRequest = {
  sessionId: undefined,
  chatId: '-1001987654321',
  threadId: '7',
  userMessage: 'What is the weather?',
  metadata: { chat_type: 'supergroup', message_id: 42 },
  idempotencyKey: 'update-812345678',
};
export const NEVER = new AbortController().signal;

/** @returns all events of the answer. */
export async function all(
  server: AgentServer,
  changes: Partial<AgentRequest> = {},
  signal: AbortSignal = NEVER,
): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of askAgent(server, { ...REQUEST, ...changes }, signal)) events.push(event);
  return events;
}

/** @returns the error that the promise is rejected with; any other outcome is thrown. */
export async function errorOf(promise: Promise<unknown>): Promise<AgentUnreachableError> {
  const error: unknown = await promise.then(
    () => new Error('It did not fail'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof AgentUnreachableError)) throw error;
  return error;
}
