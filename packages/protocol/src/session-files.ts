import { z } from 'zod';
import { sessionId } from './identifiers.ts';

/** What was saved of a session's working directory. */
export const workspaceFiguresSchema = z
  .object({
    files: z.int().min(0).meta({ description: 'Files that are saved' }),
    bytes: z.int().min(0).meta({ description: 'Their size' }),
    skipped: z.int().min(0).meta({
      description: 'What is not saved: files over the limit, links that lead elsewhere, pipes and the like',
    }),
    is_over_limit: z
      .boolean()
      .meta({ description: 'The largest files were left out: they may be gone later' }),
    lost: z.int().min(1).optional().meta({
      description:
        'Files that an earlier turn saved, and that could not be had again: they are missing or damaged in the store',
    }),
    is_list_lost: z.boolean().optional().meta({
      description:
        'The list of the saved files is damaged or missing: the working directory is that of an earlier turn, or empty',
    }),
  })
  .meta({ id: 'WorkspaceFigures' });
export type WorkspaceFigures = z.infer<typeof workspaceFiguresSchema>;

/** The answer of `GET /session/{session_id}/files`. */
export const sessionFilesSchema = z
  .object({
    files: z.array(
      z.object({
        path: z
          .string()
          .meta({ description: 'Relative to the working directory, with `/` between its parts' }),
        size: z.int().min(0).meta({ description: 'In bytes' }),
        modified: z.iso.datetime(),
      }),
    ),
  })
  .meta({ id: 'SessionFiles' });
export type SessionFiles = z.infer<typeof sessionFilesSchema>;

export const fileRoutes = {
  files: '/session/:session_id/files',
  export: '/session/:session_id/export',
  debug: '/session/:session_id/debug',
  outbox: '/session/:session_id/outbox/:file_id',
} as const;

export const outboxPathSchema = z.object({ session_id: sessionId, file_id: z.uuid().toLowerCase() });

/** The query of `GET /session/{session_id}/export`. */
export const exportQuerySchema = z.object({
  include_debug: z
    .enum(['true', 'false'])
    .default('false')
    .transform((value) => value === 'true'),
});

/** @returns the path of a session's archive. @param withDebug whether the debug log goes with it. */
export function exportPath(id: string, withDebug: boolean): string {
  return filePath('export', id) + (withDebug ? '?include_debug=true' : '');
}

/** @returns where the content of a file lies that the agent has sent. */
export function outboxPath(id: string, fileId: string): string {
  return fileRoutes.outbox.replace(':session_id', id).replace(':file_id', fileId);
}

/** @returns the path of one of a session's other file routes. */
export function filePath(route: Exclude<keyof typeof fileRoutes, 'outbox'>, id: string): string {
  return fileRoutes[route].replace(':session_id', id);
}

/** What `export` and `debug` answer with. */
export const ARCHIVE_MEDIA_TYPE = 'application/gzip';
