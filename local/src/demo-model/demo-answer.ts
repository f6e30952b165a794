import type { ToolOutcome, Turn } from './conversation.ts';
import { type Intent, nameIn } from './demo-intents.ts';
import { textOfRead } from './demo-plan.ts';
import type { DemoTexts } from './demo-texts.ts';

/** How many of the user's messages are quoted when they ask what was said. */
const MAX_QUOTED_MESSAGES = 5;

/** @returns what is said once every tool call of the intent has succeeded. */
export function answerTo(intent: Intent, turn: Turn, texts: DemoTexts): string {
  switch (intent.kind) {
    case 'write': {
      const wrote = texts.wrote(intent.file, intent.content);
      return intent.thenList ? `${wrote}\n\n${texts.listed(filesOf(turn.done))}` : wrote;
    }
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
