import { posix } from 'node:path';

/** `PATH_MAX` and `NAME_MAX` of Linux, in bytes: no longer name can have come from a disk. */
const MAX_PATH_BYTES = 4_096;
const MAX_NAME_BYTES = 255;

/** Where everything of the workspace lies in a session's home. */
export const WORKSPACE_FOLDER = 'workspace';

/** The parts of the CLI's config directory that belong to one session; `sessionId` in their place is its id. */
const SIDE_FOLDERS = [
  /^config\/projects\/p\/[0-9a-f-]{36}\//,
  /^config\/projects\/p\/memory\//,
  /^config\/agent-memory\//,
  /^config\/plans\//,
  /^config\/file-history\/[0-9a-f-]{36}\//,
];

/**
 * @param path relative to a session's home, with `/` between its parts.
 * @returns whether it names something in the workspace or in one of the folders that are saved beside it, by itself: there is no
 *   `..`, no empty part and no character that a file system would read otherwise.
 */
export function isConfinedPath(path: string): boolean {
  if (Buffer.byteLength(path) > MAX_PATH_BYTES || path.includes('\0')) return false;
  // To Windows these are separators and drives; a name that holds one elsewhere is not worth the risk.
  if (process.platform === 'win32' && /[\\:]/.test(path)) return false;
  const parts = path.split('/');
  if (parts.length < 2 || parts.some((part) => !isName(part))) return false;
  return parts[0] === WORKSPACE_FOLDER || SIDE_FOLDERS.some((folder) => folder.test(path));
}

/**
 * @param path of the link, relative to the home.
 * @returns whether the link stays inside the workspace whatever other links are there: it is relative, goes up only at its beginning,
 *   and not above the workspace. A `..` after a name could start from wherever that name leads.
 */
export function isConfinedLink(path: string, target: string): boolean {
  if (target === '' || target.includes('\0') || Buffer.byteLength(target) > MAX_PATH_BYTES) return false;
  if (posix.isAbsolute(target) || (process.platform === 'win32' && /[\\:]/.test(target))) return false;
  if (!path.startsWith(`${WORKSPACE_FOLDER}/`)) return false;
  const parts = target.split('/').filter((part) => part !== '' && part !== '.');
  const ups = parts.findIndex((part) => part !== '..');
  const upCount = ups === -1 ? parts.length : ups;
  if (parts.slice(upCount).includes('..')) return false;
  // The workspace itself is the first part of the path, the link's own name the last.
  return upCount <= path.split('/').length - 2;
}

function isName(part: string): boolean {
  if (part === '' || part === '.' || part === '..') return false;
  // No character has more than three bytes for each unit of its length, and most names need no count.
  return part.length * 3 <= MAX_NAME_BYTES || Buffer.byteLength(part) <= MAX_NAME_BYTES;
}
