import { relative } from 'node:path';
import { z } from 'zod';

/** Telegram shows about this many characters of a status line before it wraps on a phone. */
const LINE_LIMIT = 80;

const SEND_FILE = 'mcp__chat__send_file';

const inputSchema = z.looseObject({
  file_path: z.string().optional().catch(undefined),
  path: z.string().optional().catch(undefined),
  pattern: z.string().optional().catch(undefined),
  command: z.string().optional().catch(undefined),
  description: z.string().optional().catch(undefined),
  subject: z.string().optional().catch(undefined),
  skill: z.string().optional().catch(undefined),
});

/**
 * @param workspace paths inside it are shown relative to it.
 * @returns one line for people, such as `Write notes.md`: no line breaks or control characters, at most 80 characters.
 */
export function describeTool(name: string, input: unknown, workspace: string): string {
  const fields = inputSchema.safeParse(input).data ?? {};
  const path = fields.file_path ?? (name === SEND_FILE ? fields.path : undefined);
  const file = path === undefined ? undefined : shorten(path, workspace);
  const about =
    file ?? fields.pattern ?? fields.subject ?? fields.description ?? fields.command ?? fields.skill;
  const line = `${friendly(name)}${about === undefined ? '' : ` ${about}`}`;
  return clip(line.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim());
}

function friendly(name: string): string {
  if (name === SEND_FILE) return 'Send';
  if (name.startsWith('mcp__')) return name.split('__').slice(1).join(' ');
  if (name.startsWith('Task')) return 'Plan';
  return name === 'Bash' ? 'Run' : name;
}

function shorten(path: string, workspace: string): string {
  const inside = relative(workspace, path);
  return inside === '' || inside.startsWith('..') ? path : inside;
}

function clip(line: string): string {
  const points = Array.from(line);
  return points.length <= LINE_LIMIT ? line : `${points.slice(0, LINE_LIMIT - 1).join('')}…`;
}
