// the user's words, the files that came with them and those of before → the intent with the paths that are meant
import { nameOf, readAttachments } from './attachments.ts';
import type { Turn } from './conversation.ts';
import { type Intent, readIntent } from './demo-intents.ts';

/** Reads the last message of a turn, knowing which files there were talk of before. */
export function readWithFiles({ words, earlier }: Turn): Intent {
  const { text, files } = readAttachments(words);
  const intent = readIntent(text);
  const all = [...earlier, words];
  if (intent.kind === 'send') {
    const named = intent.files.map((file) => attachedAs(file, all));
    return { kind: 'send', files: named.length > 0 ? named : lastMentioned(all) };
  }
  if (files.length > 0 && !standsAlone(intent)) return { kind: 'attached', files };
  return intent.kind === 'read' ? { ...intent, file: attachedAs(intent.file, all) } : intent;
}

/** @returns whether the words say what to do whatever came with them; others are about what came. */
function standsAlone(intent: Intent): boolean {
  const alone: readonly Intent['kind'][] = ['append', 'replace', 'search', 'plan', 'finish_task', 'run'];
  return alone.includes(intent.kind) || (intent.kind === 'write' && intent.content !== '');
}

/** @returns the path of the attached file of that name, or the name itself. */
function attachedAs(name: string, said: readonly string[]): string {
  const attached = said.flatMap((words) => readAttachments(words).files);
  return attached.findLast(({ path }) => nameOf(path) === name)?.path ?? name;
}

/** @returns the paths of the files that came or were named last. */
function lastMentioned(said: readonly string[]): readonly string[] {
  for (const words of said.toReversed()) {
    const { text, files } = readAttachments(words);
    if (files.length > 0) return files.map(({ path }) => path);
    const intent = readIntent(text);
    if ('file' in intent) return [attachedAs(intent.file, said)];
    if (intent.kind === 'send' && intent.files.length > 0) {
      return intent.files.map((file) => attachedAs(file, said));
    }
  }
  return [];
}
