import { renderMarkdown } from './render-markdown.ts';
import { type Language, TEXTS } from './texts.ts';

/** What the user must learn beside the answer. */
export type Note =
  /** The conversation so far could not be found. */
  | { kind: 'session_lost' }
  /** The conversation so far was damaged; so many of its last turns are lost. */
  | { kind: 'repaired'; lostTurns: number }
  /** The user stopped it; the answer is what there was. */
  | { kind: 'stopped' }
  /** The answer could not be saved: the next message may not know of it. */
  | { kind: 'not_saved' }
  /** It reached its time limit again and again, and was ended. */
  | { kind: 'endless' }
  /** The largest files were not saved. */
  | { kind: 'workspace_over_limit' }
  /** Files that were saved once could not be had again. */
  | { kind: 'files_lost'; count: number };

/** @returns the answer as Markdown with its notes: what concerns the past above it, what concerns the answer itself below. */
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
      case 'not_saved':
        below.push(texts.notSaved);
        break;
      case 'files_lost':
        above.push(texts.filesLost(note.count));
        break;
      case 'workspace_over_limit':
        last.push(texts.workspaceOverLimit);
        break;
    }
  }
  // What looks like text may show nothing: an empty code block, a lone `&nbsp;`. A stopped turn may well have said nothing.
  const isEmpty = renderMarkdown(text).text === '';
  const answer = isEmpty ? (below.length > 0 ? [] : [texts.emptyAnswer]) : [text];
  return [...above, ...answer, ...below, ...last].join('\n\n');
}
