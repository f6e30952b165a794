import { setTimeout as delay } from 'node:timers/promises';
import { readAttachments } from './attachments.ts';
import { readTurn, type ToolCall, type Turn } from './conversation.ts';
import { answerTo } from './demo-answer.ts';
import { type Intent, languageOf } from './intents/demo-intents.ts';
import { missingTool, nextCalls, planOf, SEND_TOOL, withoutOptional } from './demo-plan.ts';
import type { DemoTexts } from './texts/demo-texts.ts';
import { textsIn } from './texts/texts-in.ts';
import type { ModelOutput, Respond } from './wire/model-output.ts';
import { isSideRequest, type ModelRequest } from './wire/model-request.ts';
import { readWithFiles } from './mentioned-files.ts';
import { answerSideRequest } from './wire/side-request.ts';
import { splitWords } from './split-words.ts';

/** Between two words, in ms: about as fast as a real model writes. */
const WORD_DELAY_MS = 25;

export interface DemoModelOptions {
  /** The pause before each word, in ms; 0 for none. */
  readonly wordDelayMs?: number;
}

/**
 * A model without a model: it follows rules, so that the whole product can be tried without an account. It calls the
 * tools that the request offers and answers from what they return, in English or Chinese as the user last wrote.
 * It keeps no state: like any other model, it knows what the request says.
 */
export function createDemoModel({ wordDelayMs = WORD_DELAY_MS }: DemoModelOptions = {}): Respond {
  return async function* respond(request, signal) {
    for (const output of outputsFor(request)) {
      if (output.type !== 'text') {
        yield output;
        continue;
      }
      for (const text of splitWords(output.text)) {
        if (wordDelayMs > 0) await delay(wordDelayMs, undefined, { signal });
        yield { type: 'text', text };
      }
    }
  };
}

function outputsFor(request: ModelRequest): readonly ModelOutput[] {
  const turn = readTurn(request.body.messages);
  if (isSideRequest(request)) return [say(answerSideRequest(request))];
  const texts = textsIn(languageOf(lastText(turn)));
  const intent = withContent(readWithFiles(turn), texts);
  const offered = new Set((request.body.tools ?? []).map((tool) => tool.name));
  return act(intent, { turn, texts, offered });
}

function act(
  intent: Intent,
  {
    turn,
    texts,
    offered,
  }: { readonly turn: Turn; readonly texts: DemoTexts; readonly offered: ReadonlySet<string> },
): readonly ModelOutput[] {
  const failed = turn.done.find((outcome) => outcome.isError);
  if (failed) return [say(texts.toolFailed(failed.name, failed.text))];
  const plan = withoutOptional(planOf(intent), offered);
  const missing = missingTool(plan, offered);
  if (missing !== undefined) return [say(missing === 'Bash' ? texts.shellOff : texts.toolMissing(missing))];
  const calls = nextCalls(plan, turn.done);
  const [first] = calls;
  if (!first) return [say(answerTo(intent, { turn, texts, canSend: offered.has(SEND_TOOL) }))];
  const uses = calls.map((call) => ({ type: 'tool_use' as const, name: call.name, input: call.input }));
  return turn.done.length === 0 ? [say(texts.about(first.name, subjectOf(first))), ...uses] : uses;
}

/** A file may come without a word; then the language stays. */
function lastText({ words, earlier }: Turn): string {
  const texts = [...earlier, words].map((said) => readAttachments(said).text);
  return texts.findLast((text) => text !== '') ?? '';
}

function say(text: string): ModelOutput {
  return { type: 'text', text };
}

function withContent(intent: Intent, texts: DemoTexts): Intent {
  return intent.kind === 'write' && intent.content === ''
    ? { ...intent, content: texts.defaultContent }
    : intent;
}

/** What a call is about, for the sentence that announces it. */
function subjectOf({ input }: ToolCall): string {
  const subject = input.file_path ?? input.command ?? input.pattern ?? input.path;
  return typeof subject === 'string' ? subject : '';
}
