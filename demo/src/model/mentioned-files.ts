// the user's words, the files that came with them and those of before → the intent with the paths that are meant
import { nameOf, readAttachments } from './attachments.ts';
import type { Turn } from './conversation.ts';
import { type Intent, readIntent } from './intents/demo-intents.ts';

/** Reads the last message of a turn, knowing which files there were talk of before. */
export function readWithFiles({ words, earlier }: Turn): Intent {
  const { text, files } = readAttachments(words);
  const all = [...earlier, words];
  const intent = withPaths(readIntent(text), text, attachedIn(all));
  if (intent.kind === 'send')
    return intent.files.length > 0 ? intent : { ...intent, files: lastMentioned(all) };
  return files.length > 0 && !standsAlone(intent) ? { kind: 'attached', files } : intent;
}

/** @returns whether the words say what to do whatever came with them; others are about what came. */
function standsAlone(intent: Intent): boolean {
  const alone: readonly Intent['kind'][] = ['append', 'replace', 'search', 'plan', 'finish_task', 'run'];
  return alone.includes(intent.kind) || (intent.kind === 'write' && intent.content !== '');
}

/** What came is known by its bare name, which may have spaces; it lies under a path. */
function withPaths(intent: Intent, text: string, attached: readonly string[]): Intent {
  const paths = attached.filter((path) => text.includes(nameOf(path)));
  const isPart = (path: string): boolean =>
    paths.some((other) => nameOf(other) !== nameOf(path) && nameOf(other).includes(nameOf(path)));
  const meant = paths.filter((path) => !isPart(path));
  const [first] = meant;
  if (first === undefined) return intent;
  if (intent.kind === 'read') return { ...intent, file: first };
  return intent.kind === 'send' ? { ...intent, files: meant } : intent;
}

/** @returns the paths of all files that came. */
function attachedIn(said: readonly string[]): string[] {
  return [...new Set(said.flatMap((words) => readAttachments(words).files.map(({ path }) => path)))];
}

/** @returns the paths of the files that came or were named last. */
function lastMentioned(said: readonly string[]): readonly string[] {
  for (const words of said.toReversed()) {
    const { text, files } = readAttachments(words);
    if (files.length > 0) return files.map(({ path }) => path);
    const intent = withPaths(readIntent(text), text, attachedIn(said));
    if ('file' in intent) return [intent.file];
    if (intent.kind === 'send' && intent.files.length > 0) return intent.files;
  }
  return [];
}
