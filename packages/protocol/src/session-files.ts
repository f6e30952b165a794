import { z } from 'zod';

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
} as const;

/** @returns the path of one of a session's file routes. */
export function filePath(route: keyof typeof fileRoutes, id: string): string {
  return fileRoutes[route].replace(':session_id', id);
}

/** What `export` and `debug` answer with. */
export const ARCHIVE_MEDIA_TYPE = 'application/gzip';
