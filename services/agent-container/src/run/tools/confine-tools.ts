// a tool call → is the tool known, and do all its paths lie where this session may read or write? → allow, or deny with the reason
import type { Stats } from 'node:fs';
import { lstat, realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve, sep } from 'node:path';
import { z } from 'zod';
import type { SessionHome } from '../../session/home/session-home.ts';

export type Verdict = { allow: true } | { allow: false; reason: string };

/** What the session may touch; every path is absolute and without symbolic links. */
export interface Bounds {
  readonly workspace: string;
  readonly writable: readonly string[];
  readonly readable: readonly string[];
  readonly isShellOn: boolean;
}

const ALLOW: Verdict = { allow: true };
const HARMLESS = new Set(['Skill', 'TaskCreate', 'TaskGet', 'TaskList', 'TaskUpdate']);
/** A search pattern that may leave the directory it starts in: "..", or an alternative within braces that is absolute. */
const LEADS_ELSEWHERE = /\.\.|(^|[{,])[~/]/;
const fileInput = z.looseObject({ file_path: z.string() });
const globInput = z.looseObject({ pattern: z.string(), path: z.string().optional() });
const grepInput = z.looseObject({ path: z.string().optional(), glob: z.string().optional() });
/**
 * A subagent works where its parent does. `isolation` would have the CLI itself run git in the workspace, with the hooks and the
 * configuration that lie there, or send the work elsewhere.
 */
const agentInput = z.strictObject({
  description: z.string(),
  prompt: z.string(),
  subagent_type: z.string().optional(),
  model: z.string().optional(),
  effort: z.unknown().optional(),
  // Older habits of models, which this CLI ignores.
  run_in_background: z.boolean().optional(),
  name: z.string().optional(),
});

/**
 * @param imageFolder the image's `agent/` folder: its skills and agents may be read.
 * @returns the bounds of a session whose home exists.
 */
export async function boundsOf(home: SessionHome, imageFolder: string, isShellOn: boolean): Promise<Bounds> {
  const workspace = await realpath(home.workspace);
  const resolved = [imageFolder, home.transcriptFolder].map(resolveLinks);
  return {
    workspace,
    writable: [workspace],
    readable: [workspace, ...(await Promise.all(resolved))],
    isShellOn,
  };
}

/** Decides about one tool call. Closed: a tool or an input it does not know is denied. */
export async function judgeToolCall(name: string, input: unknown, bounds: Bounds): Promise<Verdict> {
  switch (name) {
    case 'Read':
      return judgePath(fileInput.safeParse(input).data?.file_path, bounds, bounds.readable);
    case 'Write':
    case 'Edit':
      return judgePath(fileInput.safeParse(input).data?.file_path, bounds, bounds.writable);
    case 'Glob': {
      const parsed = globInput.safeParse(input);
      return parsed.success ? judgeSearch(parsed.data.path, parsed.data.pattern, bounds) : unreadable(name);
    }
    case 'Grep': {
      const parsed = grepInput.safeParse(input);
      return parsed.success ? judgeSearch(parsed.data.path, parsed.data.glob, bounds) : unreadable(name);
    }
    case 'Agent':
      if (agentInput.safeParse(input).success) return ALLOW;
      return deny('A subagent works in this workspace, and takes nothing but a description and a prompt.');
    case 'Bash':
      return bounds.isShellOn ? ALLOW : deny('The shell is off here (AGENT_SHELL=on turns it on).');
    default:
      // A tool of an MCP server that the image's own mcp.json names.
      if (HARMLESS.has(name) || name.startsWith('mcp__')) return ALLOW;
      return deny(`The tool ${name} is not available in this chat.`);
  }
}

async function judgeSearch(
  path: string | undefined,
  pattern: string | undefined,
  bounds: Bounds,
): Promise<Verdict> {
  const base = path ?? bounds.workspace;
  if (pattern !== undefined && (isAbsolute(pattern) || LEADS_ELSEWHERE.test(pattern))) {
    return deny('A search pattern must stay inside the workspace: no absolute path and no "..".');
  }
  return judgePath(base, bounds, bounds.readable);
}

async function judgePath(
  path: string | undefined,
  bounds: Bounds,
  roots: readonly string[],
): Promise<Verdict> {
  if (path === undefined || path.includes('\0')) return unreadable('tool');
  if (path.startsWith('~')) return outside(path);
  // With ".." after a link, a tool that tidies the path first and the system that does not reach different files.
  const asTidied = resolve(bounds.workspace, path);
  const asGiven = isAbsolute(path) ? path : bounds.workspace + sep + path;
  try {
    const reached = await Promise.all([asTidied, asGiven].map(resolveLinks));
    if (!reached.every((real) => roots.some((root) => contains(root, real)))) return outside(path);
    if ((await Promise.all(reached.map(isSpecial))).includes(true))
      return deny(`${path} is neither a file nor a directory.`);
    return ALLOW;
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    // The system's reason would tell what is there.
    if (!roots.some((root) => contains(root, asTidied))) return outside(path);
    return deny(`${path} cannot be followed to a file (${errorCode(error)}).`);
  }
}

/**
 * Follows symbolic links as far as the path exists: what is about to be created lies in its deepest existing directory.
 * @throws the system's error when the path leads nowhere: through a file, a loop of links, or a link without a target.
 */
async function resolveLinks(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    const parent = dirname(path);
    if (errorCode(error) !== 'ENOENT' || parent === path) throw error;
    const entry = join(await resolveLinks(parent), basename(path));
    // A link whose target is missing: a write would create that target, wherever it is.
    if (await isLink(entry)) throw error;
    return entry;
  }
}

async function isLink(path: string): Promise<boolean> {
  return (await lstatIfThere(path))?.isSymbolicLink() === true;
}

/** A tool that opens a pipe waits for its other end; what a device gives need not end. */
async function isSpecial(path: string): Promise<boolean> {
  const stats = await lstatIfThere(path);
  return stats !== undefined && !stats.isFile() && !stats.isDirectory();
}

async function lstatIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** @returns the system's own code of a failure, such as `ENOENT`. */
function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

function contains(root: string, path: string): boolean {
  return path === root || path.startsWith(root + sep);
}

function outside(path: string): Verdict {
  return deny(
    `${path} is outside the workspace of this chat; only files in the working directory can be used.`,
  );
}

function unreadable(name: string): Verdict {
  return deny(`The input of ${name} is not understood.`);
}

function deny(reason: string): Verdict {
  return { allow: false, reason };
}
