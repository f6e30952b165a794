// request → the stored session → its files as JSON, or as an archive
import { Readable } from 'node:stream';
import {
  ARCHIVE_MEDIA_TYPE,
  exportQuerySchema,
  fileRoutes,
  outboxPathSchema,
  type SessionFiles,
  sessionPathSchema,
} from '@omnicloud/protocol';
import { outboxObject, sessionObjectKey } from '@omnicloud/storage';
import type { Context, Hono } from 'hono';
import { AgentError } from '../errors.ts';
import { WORKSPACE_FOLDER } from '../session/home/confined-path.ts';
import { exportDebug, exportSession, workspaceFiles } from '../session/export-session.ts';
import type { OwnerStores } from '../session/store/session-owner.ts';
import type { OpenObject, SessionStore } from '../session/store/session-store.ts';
import { ofItsConversation } from './own-conversation.ts';

/**
 * Adds the routes that show a stored session. They take no lease: what they show is what the last saved turn left.
 * @param app whose `/session/*` asks for the bearer token already.
 */
export function serveSessionFiles(
  app: Hono,
  { store, table }: { readonly store: SessionStore; readonly table: OwnerStores['table'] },
): void {
  for (const path of Object.values(fileRoutes)) app.use(path, ofItsConversation({ store, table }));
  app.get(fileRoutes.files, async (context) => {
    const files = await workspaceFiles(store, sessionIdOf(context));
    const body: SessionFiles = {
      files: files.map(({ path, size, modified }) => ({
        path: path.slice(WORKSPACE_FOLDER.length + 1),
        size,
        modified,
      })),
    };
    return context.json(body);
  });
  app.get(fileRoutes.export, async (context) => {
    const sessionId = sessionIdOf(context);
    const { include_debug: withDebug } = exportQueryOf(context);
    return archive(await exportSession(store, sessionId, withDebug), `session-${sessionId}.tar.gz`);
  });
  app.get(fileRoutes.debug, async (context) => {
    const sessionId = sessionIdOf(context);
    return archive(await exportDebug(store, sessionId), `debug-${sessionId}.tar.gz`);
  });
  app.get(fileRoutes.outbox, async (context) => {
    const parsed = outboxPathSchema.safeParse(context.req.param());
    if (!parsed.success)
      throw new AgentError('bad_request', 'session_id, file_id: must be UUIDs', { cause: parsed.error });
    const { session_id: sessionId, file_id: fileId } = parsed.data;
    const object = await store.open(sessionObjectKey(sessionId, outboxObject(fileId)));
    if (!object) throw new AgentError('not_found', 'The session has sent no such file, or it is gone');
    return new Response(bodyOf(object), {
      headers: {
        // Whatever it is, no browser is to run it.
        'content-type': 'application/octet-stream',
        'content-disposition': 'attachment',
        'content-length': String(object.bytes),
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-store',
      },
    });
  });
}

/** Closes the object when it was read to its end, or its reader is gone. */
function bodyOf(object: OpenObject): ReadableStream {
  const pieces = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    await using opened = object;
    yield* opened.body;
  };
  return Readable.toWeb(Readable.from(pieces(), { objectMode: false })) as ReadableStream;
}

function exportQueryOf(context: Context): { include_debug: boolean } {
  const parsed = exportQuerySchema.safeParse(context.req.query());
  if (parsed.success) return parsed.data;
  throw new AgentError('bad_request', 'include_debug: must be true or false', { cause: parsed.error });
}

function sessionIdOf(context: Context): string {
  const parsed = sessionPathSchema.safeParse(context.req.param());
  if (parsed.success) return parsed.data.session_id;
  throw new AgentError('bad_request', 'session_id: must be a UUID', { cause: parsed.error });
}

function archive(stream: Readable, name: string): Response {
  return new Response(Readable.toWeb(stream) as ReadableStream, {
    headers: {
      'content-type': ARCHIVE_MEDIA_TYPE,
      'content-disposition': `attachment; filename="${name}"`,
      'cache-control': 'no-store',
    },
  });
}
