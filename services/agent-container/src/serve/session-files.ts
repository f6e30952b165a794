// request → the stored session → its files as JSON, or as an archive
import { Readable } from 'node:stream';
import { ARCHIVE_MEDIA_TYPE, fileRoutes, type SessionFiles, sessionPathSchema } from '@omnicloud/protocol';
import type { Context, Hono } from 'hono';
import { AgentError } from '../errors.ts';
import { WORKSPACE_FOLDER } from '../session/confined-path.ts';
import { exportDebug, exportSession, workspaceFiles } from '../session/export-session.ts';
import type { SessionStore } from '../session/session-store.ts';

/**
 * Adds the routes that show a stored session. They take no lease: what they show is what the last saved turn left.
 * @param app whose `/session/*` asks for the bearer token already.
 */
export function serveSessionFiles(app: Hono, { store }: { readonly store: SessionStore }): void {
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
    return archive(await exportSession(store, sessionId), `session-${sessionId}.tar.gz`);
  });
  app.get(fileRoutes.debug, async (context) => {
    const sessionId = sessionIdOf(context);
    return archive(await exportDebug(store, sessionId), `debug-${sessionId}.tar.gz`);
  });
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
