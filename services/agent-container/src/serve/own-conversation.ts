// the conversation that a request names → is it the caller's, and the session's own?
import { SESSION_KEY_HEADER, sessionPathSchema } from '@omnicloud/protocol';
import type { MiddlewareHandler } from 'hono';
import { AgentError } from '../errors.ts';
import { isOwnSession, type OwnerStores } from '../session/store/session-owner.ts';
import { unknownSession } from '../session/open-session.ts';
import { parse } from './read-request.ts';
import type { ServerBindings } from './turn/run-limit.ts';

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
 * A session is for the conversation that it belongs to: whoever names a conversation has no other one's session, whatever id they know.
 * A supergroup goes on with the session of the group that it was, so both keys are that session's own.
 * @throws AgentError `session_unknown`, in the same words for another's session as for one that does not exist; `store_unavailable`.
 */
export async function refuseOtherSession(
  conversation: string,
  sessionId: string,
  stores: OwnerStores,
): Promise<void> {
  if (!(await isOwnSession(conversation, sessionId, stores))) throw unknownSession();
}

/**
 * For routes with a `session_id` in their path and no body. A caller that names no conversation has shown the token, and may read every session
 * whose id it knows. Where each conversation has environments of its own, `ofItsTenant` refuses a caller that names no conversation.
 * @throws AgentError as `refuseOtherSession` does; `bad_request` when the id is no UUID.
 */
export function ofItsConversation(stores: OwnerStores): MiddlewareHandler {
  return async (context, next) => {
    const conversation = context.req.header(SESSION_KEY_HEADER);
    if (conversation !== undefined) {
      const { session_id: sessionId } = parse(sessionPathSchema, {
        session_id: context.req.param('session_id'),
      });
      await refuseOtherSession(conversation, sessionId, stores);
    }
    await next();
  };
}
