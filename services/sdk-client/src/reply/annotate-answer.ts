import type { MissingFile } from '@omnicloud/protocol';
import { renderMarkdown } from '../markdown/render-markdown.ts';
import { type Language, TEXTS } from './texts.ts';

/** What the user must learn beside the answer. */
export type Note =
  /** The conversation so far could not be found. */
  | { kind: 'session_lost' }
  /** The conversation so far was damaged; so many of its turns lack their message or their answer. */
  | { kind: 'repaired'; lostTurns: number }
  /** The user stopped it; the answer is what there was. */
  | { kind: 'stopped' }
  /** The answer could not be saved: the next message may not know of it. */
  | { kind: 'not_saved' }
  /** Its time was up, and what there is could not be saved: it will not go on. */
  | { kind: 'partial_not_saved' }
  /** Files that the agent sent could not be stored. */
  | { kind: 'sent_files_lost'; count: number }
  /** It reached its time limit again and again, and was ended. */
  | { kind: 'endless' }
  /** It reached its output limit again and again, and ends there. */
  | { kind: 'output_limit' }
  /** The conversation was too long, and its older part was summed up. */
  | { kind: 'compacted' }
  /** MCP servers do not answer, so that their tools are missing. */
  | { kind: 'servers_missing'; servers: readonly string[] }
  /** The largest files were not saved. */
  | { kind: 'workspace_over_limit' }
  /** Files that were saved once could not be had again. */
  | { kind: 'files_lost'; count: number }
  /** The list of the saved files could not be had again. */
  | { kind: 'file_list_lost' };

/**
 * Longer ones may not fit into the messages of a reply, so what stands below them is not seen. In UTF-16 code units: four messages, each
 * at least half full.
 */
const MAX_LENGTH_WITH_NOTE_BELOW = 8_000;

/** @returns an answer with something that its reader must see: below it, or above it when the answer is long. */
export function withNote(text: string, note: string): string {
  const isLong = text.length > MAX_LENGTH_WITH_NOTE_BELOW;
  return (isLong ? [note, text] : [text, note]).filter((part) => part.trim() !== '').join('\n\n');
}

/** For a look whether an answer shows anything: one that is not empty by far counts as one. By the clock, in ms. */
const EMPTY_LIMITS_MS = [150];

/**
 * @returns the answer as Markdown with its notes: what concerns the past above it, what concerns the answer itself below; everything
 *   above a long one.
 */
export function annotateAnswer(text: string, notes: readonly Note[], language: Language): string {
  const texts = TEXTS[language];
  const above: string[] = [];
  const below: string[] = [];
  const last: string[] = [];
  for (const note of notes) {
    switch (note.kind) {
      case 'session_lost':
        above.push(texts.sessionLost);
        break;
      case 'repaired':
        above.push(texts.repaired(note.lostTurns));
        break;
      case 'stopped':
        below.push(texts.stoppedHere);
        break;
      case 'endless':
        below.push(texts.endless);
        break;
      case 'output_limit':
        below.push(texts.outputLimit);
        break;
      case 'not_saved':
        below.push(texts.notSaved);
        break;
      case 'partial_not_saved':
        below.push(texts.partialNotSaved);
        break;
      case 'sent_files_lost':
        below.push(texts.sentFilesLost(note.count));
        break;
      case 'files_lost':
        above.push(texts.filesLost(note.count));
        break;
      case 'file_list_lost':
        above.push(texts.fileListLost);
        break;
      case 'compacted':
        above.push(texts.compacted);
        break;
      case 'servers_missing':
        above.push(texts.serversMissing(note.servers));
        break;
      case 'workspace_over_limit':
        last.push(texts.workspaceOverLimit);
        break;
    }
  }
  // What looks like text may show nothing: an empty code block, a lone `&nbsp;`. A stopped turn may well have said nothing.
  const isEmpty =
    text.length <= MAX_LENGTH_WITH_NOTE_BELOW && renderMarkdown(text, EMPTY_LIMITS_MS).text === '';
  const answer = isEmpty ? (below.length > 0 ? '' : texts.emptyAnswer) : text;
  return [...above, withNote(answer, [...below, ...last].join('\n\n'))].join('\n\n');
}

/** What a turn found to be lost of its conversation, and its user has still to be told. */
interface Losses {
  readonly isSessionLost: boolean;
  /** How many turns a repaired conversation lacks; undefined for one that was not repaired. */
  readonly lostTurns: number | undefined;
}

type LossNote = Extract<Note, { kind: 'session_lost' | 'repaired' }>;

/** @returns the notes on what was lost, in the order in which they are told. */
export function lossNotes({ isSessionLost, lostTurns }: Losses): LossNote[] {
  return [
    ...(isSessionLost ? [{ kind: 'session_lost' } as const] : []),
    ...(lostTurns === undefined ? [] : [{ kind: 'repaired', lostTurns } as const]),
  ];
}

/** @returns what is said instead of an answer, below a word on what was lost of the conversation before it. */
export function withLosses(markdown: string, losses: Losses, language: Language): string {
  const { sessionLost, repaired } = TEXTS[language];
  const words = lossNotes(losses).map((note) =>
    note.kind === 'repaired' ? repaired(note.lostTurns) : sessionLost,
  );
  return [...words, markdown].join('\n\n');
}

/** Of more missing files, only their number is told. */
const MAX_NAMED = 5;

/** @returns the answer below a word on each file of the user that could not be had. */
export function withMissingFiles(
  markdown: string,
  missing: readonly MissingFile[],
  language: Language,
): string {
  if (missing.length === 0) return markdown;
  const { fileMissing, moreFilesMissing } = TEXTS[language];
  const named = missing.slice(0, MAX_NAMED).map(({ name, reason }) => fileMissing[reason](name));
  const rest = missing.length - named.length;
  const lines = [...named, ...(rest > 0 ? [moreFilesMissing(rest)] : [])];
  return [lines.join('\n'), markdown].filter((part) => part.trim() !== '').join('\n\n');
}
