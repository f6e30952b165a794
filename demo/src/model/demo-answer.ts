import { type Attachment, isTextFile, nameOf } from './attachments.ts';
import type { ToolOutcome, Turn } from './conversation.ts';
import { cutText } from './cut-text.ts';
import { type Intent, nameIn } from './intents/demo-intents.ts';
import { textOfRead } from './demo-plan.ts';
import type { DemoTexts } from './texts/demo-texts.ts';

/** How many of the user's messages are quoted when they ask what was said. */
const MAX_QUOTED_MESSAGES = 5;

/** In characters; what is shown of an attached file beyond would bury the chat. */
const MAX_EXCERPT_LENGTH = 1_000;

/**
 * @param canSend whether files can be sent to the chat.
 * @returns what is said once every tool call of the intent has succeeded.
 */
export function answerTo(
  intent: Intent,
  { turn, texts, canSend }: { readonly turn: Turn; readonly texts: DemoTexts; readonly canSend: boolean },
): string {
  switch (intent.kind) {
    case 'write': {
      const said = [texts.wrote(intent.file, intent.content)];
      if (intent.thenList) said.push(texts.listed(filesOf(turn.done)));
      if (intent.thenSend) said.push(sentOrNot([intent.file], texts, canSend));
      return said.join('\n\n');
    }
    case 'send':
      return intent.files.length === 0 ? texts.whichFile : sentOrNot(intent.files, texts, canSend);
    case 'attached':
      return [...looks(intent.files, turn.done, texts), ...(canSend ? [texts.canSendBack] : [])].join('\n\n');
    case 'append':
      return texts.appended(intent.file, intent.line);
    case 'replace':
      return texts.replaced(intent.file, intent.from, intent.to);
    case 'read':
      return texts.read(intent.file, textOfRead(turn.done[0]?.text ?? ''));
    case 'list':
      return texts.listed(filesOf(turn.done));
    case 'search':
      return texts.searched(intent.wanted, turn.done[0]?.text ?? '');
    case 'plan':
      return texts.planned(intent.items);
    case 'finish_task':
      return finishedTask(intent.taskId, turn.done, texts);
    case 'run':
      return texts.ran(intent.command, turn.done[0]?.text ?? '');
    case 'introduce':
      return texts.introduced(intent.name);
    case 'ask_name':
      return texts.name(turn.earlier.map(nameIn).findLast((name) => name !== undefined));
    case 'recall':
      return texts.recalled(turn.earlier.slice(-MAX_QUOTED_MESSAGES));
    case 'unknown':
      return texts.unknown(turn.words);
    case 'showcase':
    case 'story':
    case 'who':
    case 'welcome':
      return texts[intent.kind];
  }
}

function sentOrNot(files: readonly string[], texts: DemoTexts, canSend: boolean): string {
  return canSend ? texts.sentFiles(files) : texts.cannotSend(files);
}

/** Each file in turn: the text ones by what Read showed of them, in the same order. */
function looks(
  files: readonly Attachment[],
  done: readonly ToolOutcome[],
  texts: DemoTexts,
): readonly string[] {
  const read = done.map((outcome) => textOfRead(outcome.text))[Symbol.iterator]();
  return files.map((file) => {
    const about = texts.attached(nameOf(file.path), file);
    if (!isTextFile(file)) return `${about} ${texts.cannotLook(file.mediaType.startsWith('image/'))}`;
    const excerpt = cutText(read.next().value ?? '', MAX_EXCERPT_LENGTH);
    return `${about} ${texts.firstLines(excerpt)}`;
  });
}

/** Glob prints one path a line, or one sentence when there is none. */
function filesOf(done: readonly ToolOutcome[]): readonly string[] {
  const output = done.find((outcome) => outcome.name === 'Glob')?.text ?? '';
  return output === 'No files found' ? [] : output.split('\n').filter((line) => line.trim() !== '');
}

/** TaskUpdate calls an unknown task no error; only a result that names the task is a success. */
function finishedTask(taskId: string, done: readonly ToolOutcome[], texts: DemoTexts): string {
  const said = done[0]?.text ?? '';
  return said.includes(`#${taskId}`) ? texts.finishedTask(taskId) : texts.toolFailed('TaskUpdate', said);
}
