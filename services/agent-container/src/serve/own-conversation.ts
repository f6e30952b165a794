// the conversation that a request names → is it the caller's, and the session's own?
import { SESSION_KEY_HEADER } from '@omnicloud/protocol';
import type { SessionTable } from '@omnicloud/session-table';
import { AgentError } from '../errors.ts';

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
