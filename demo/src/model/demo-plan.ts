// an intent → the tool calls that it takes, one after another
import { isTextFile } from './attachments.ts';
import type { ToolCall, ToolOutcome } from './conversation.ts';
import type { Intent } from './intents/demo-intents.ts';

/** One call; `call` sees what the calls before it returned. */
interface Step {
  /** The tools that `call` may choose from. */
  readonly tools: readonly string[];
  readonly call: (done: readonly ToolOutcome[]) => ToolCall;
  /** Whether the step before must be over first; if not, both are asked for at once. */
  readonly isNext: boolean;
  /** Left out when its tool is not offered. */
  readonly isOptional?: boolean;
}

/** With which an agent sends a file of its workspace to the chat. */
export const SEND_TOOL = 'mcp__chat__send_file';

/** So many lines of an attached file are looked at. */
const FIRST_LINES = 10;

/** @returns the steps of an intent; none when words alone answer it. */
export function planOf(intent: Intent): readonly Step[] {
  switch (intent.kind) {
    case 'write': {
      const write = step('Write', { file_path: intent.file, content: intent.content });
      return [
        write,
        ...(intent.thenList ? [step('Glob', { pattern: '**/*' })] : []),
        ...(intent.thenSend ? [sendStep(intent.file)] : []),
      ];
    }
    case 'send':
      return intent.files.map(sendStep);
    case 'attached':
      return intent.files
        .filter(isTextFile)
        .map(({ path }) => ({ ...step('Read', { file_path: path, limit: FIRST_LINES }), isNext: false }));
    case 'append':
      return [step('Read', { file_path: intent.file }), appendStep(intent.file, intent.line)];
    case 'replace': {
      const edit = { file_path: intent.file, old_string: intent.from, new_string: intent.to };
      return [step('Read', { file_path: intent.file }), step('Edit', { ...edit, replace_all: true })];
    }
    case 'read':
      return [step('Read', { file_path: intent.file })];
    case 'list':
      return [step('Glob', { pattern: '**/*' })];
    case 'search': {
      // ripgrep reads a regular expression; the user means the very words.
      const pattern = intent.wanted.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
      return [step('Grep', { pattern, output_mode: 'content', '-n': true })];
    }
    case 'plan':
      return [
        ...intent.items.map((subject) => ({
          ...step('TaskCreate', { subject, description: subject }),
          isNext: false,
        })),
        startFirstTask,
      ];
    case 'finish_task':
      return [step('TaskUpdate', { taskId: intent.taskId, status: 'completed' })];
    case 'run':
      return [step('Bash', { command: intent.command, description: 'Run the command of the user' })];
    case 'introduce':
    case 'ask_name':
    case 'recall':
    case 'showcase':
    case 'story':
    case 'who':
    case 'welcome':
    case 'unknown':
      return [];
  }
}

/** @returns the plan without the optional steps that cannot be done. */
export function withoutOptional(plan: readonly Step[], offered: ReadonlySet<string>): readonly Step[] {
  return plan.filter((one) => one.isOptional !== true || one.tools.every((tool) => offered.has(tool)));
}

/** @returns the first tool that the plan may need and the request does not offer. */
export function missingTool(plan: readonly Step[], offered: ReadonlySet<string>): string | undefined {
  return plan.flatMap((one) => one.tools).find((tool) => !offered.has(tool));
}

/** @returns the calls to make now: the next step and those that need not wait for it; none when the plan is over. */
export function nextCalls(plan: readonly Step[], done: readonly ToolOutcome[]): readonly ToolCall[] {
  const rest = plan.slice(done.length);
  const waiting = rest.findIndex((one, index) => index > 0 && one.isNext);
  return (waiting === -1 ? rest : rest.slice(0, waiting)).map((one) => one.call(done));
}

/** @returns the text of a file as Read's numbered lines (`     1\tfirst`) show it. */
export function textOfRead(output: string): string {
  const lines = output.split('\n').map((line) => /^\s*\d+[\t→](.*)$/.exec(line)?.[1] ?? line);
  return lines.join('\n');
}

function step(name: string, input: ToolCall['input']): Step {
  return { tools: [name], call: () => ({ name, input }), isNext: true };
}

function sendStep(path: string): Step {
  return { ...step(SEND_TOOL, { path }), isOptional: true };
}

/** Edit only replaces text, so a line is added by replacing the file's end with itself and the line. */
function appendStep(file: string, line: string): Step {
  return {
    tools: ['Edit', 'Write'],
    isNext: true,
    call: (done) => {
      const before = textOfRead(done[0]?.text ?? '');
      if (before.trim() === '') return { name: 'Write', input: { file_path: file, content: `${line}\n` } };
      const end = uniqueEnd(before);
      const added = end.endsWith('\n') ? `${end}${line}\n` : `${end}\n${line}`;
      return { name: 'Edit', input: { file_path: file, old_string: end, new_string: added } };
    },
  };
}

/** @returns the fewest last lines that occur only once in the text. */
function uniqueEnd(text: string): string {
  const lines = text.split('\n');
  for (let from = lines.length - 1; from > 0; from -= 1) {
    const end = lines.slice(from).join('\n');
    if (end.trim() !== '' && text.indexOf(end) === text.lastIndexOf(end)) return end;
  }
  return text;
}

const startFirstTask: Step = {
  tools: ['TaskUpdate'],
  isNext: true,
  call: (done) => ({
    name: 'TaskUpdate',
    // "Task #4 created successfully: …": the list numbers its tasks, and may already hold some.
    input: { taskId: /#(\d+)/.exec(done[0]?.text ?? '')?.[1] ?? '1', status: 'in_progress' },
  }),
};
