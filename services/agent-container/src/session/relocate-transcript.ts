import { basename, dirname } from 'node:path';
import type { SessionHome } from './session-home.ts';

/**
 * A transcript names files by absolute path (workspace files, stored tool results), and the machine that wrote it may have
 * kept its sessions elsewhere. Rewrites those paths so that they resolve in `home`.
 * @param jsonl the transcript, as the CLI wrote it.
 * @returns the same bytes when it was written at the same place.
 */
export function relocateTranscript(jsonl: string, home: SessionHome): string {
  const writtenAt = rootOfWriter(jsonl);
  if (writtenAt === undefined || writtenAt === home.root || basename(writtenAt) !== home.sessionId)
    return jsonl;
  // A function, because a replacement text would be searched for `$` patterns, and a path may hold one.
  return jsonl.replaceAll(insideJson(writtenAt), () => insideJson(home.root));
}

/** Every entry of a transcript names the working directory, `<root>/workspace`. */
function rootOfWriter(jsonl: string): string | undefined {
  const cwd = /"cwd":("(?:[^"\\]|\\.)*")/.exec(jsonl)?.[1];
  return cwd === undefined ? undefined : dirname(JSON.parse(cwd) as string);
}

function insideJson(path: string): string {
  return JSON.stringify(path).slice(1, -1);
}
