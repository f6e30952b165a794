// the conversation that a request names → is it the caller's, and the session's own?
import { SESSION_KEY_HEADER } from '@omnicloud/protocol';
import type { SessionTable } from '@omnicloud/session-table';
import type { MiddlewareHandler } from 'hono';
import { AgentError } from '../errors.ts';
import type { ServerBindings } from './run-limit.ts';

/**
 * On AWS the header chose the environment that runs this, so a body must not speak of another conversation.
 * @param conversation `chat_id:thread_id`
 * @param named the other places of the request that name it; undefined where one does not
 * @throws AgentError `bad_request` when one of them names another.
 */
export function refuseOtherConversation(conversation: string, named: readonly (string | undefined)[]): void {
  if (named.every((key) => key === undefined || key === conversation)) return;
  throw new AgentError(
    'bad_request',
    `metadata.session_key: chat_id, metadata.session_key and ${SESSION_KEY_HEADER} name different conversations`,
  );
}

/**
 * On AWS each conversation has environments of its own, which the platform chose by the header, and the context of the call says for which
 * one this is. Nothing of another conversation is read or run in it, whoever made the call and however it came here.
 * @throws AgentError `bad_request` when the header names another conversation, or none.
 */
export function ofItsTenant(): MiddlewareHandler<{ Bindings: ServerBindings }> {
  return async (context, next) => {
    // Where an app is called without bindings, it has none.
    const tenantId = (context.env as ServerBindings | undefined)?.tenantId;
    if (tenantId !== undefined && context.req.header(SESSION_KEY_HEADER) !== tenantId)
      throw new AgentError(
        'bad_request',
        `${SESSION_KEY_HEADER}: this environment is set aside for another conversation`,
      );
    await next();
  };
}

/**
 * The files of a conversation are for the session that it goes on with: whoever knows another chat's key must not have its files.
 * A supergroup has its session from the group that it was, so either key is the session's own.
 * @throws AgentError `bad_request` when the conversation goes on with another session, or with none; the table's own error.
 */
export async function refuseOtherSession(
  conversation: string,
  sessionId: string,
  { table }: { readonly table: Pick<SessionTable, 'find'> },
): Promise<void> {
  if ((await table.find(conversation))?.sessionId === sessionId) return;
  throw new AgentError(
    'bad_request',
    "metadata.session_key: the attachments are not of this session's conversation",
  );
}
