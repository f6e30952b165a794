import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AgentError } from '@omnicloud/agent-container/internal/errors.ts';
import type {
  AgentRun,
  AgentRuntime,
  RuntimeEvent,
} from '@omnicloud/agent-container/internal/run/agent-runtime.ts';
import { contentOf, fileMark, marksIn, questionsIn, wishesIn } from '../evidence/marks.ts';
import type { Random } from '../surroundings/random.ts';

/** One message of a conversation, as the scripted runtime sends it to the harness's model. */
export interface Spoken {
  readonly role: 'user' | 'assistant';
  readonly text: string;
}

/** The parts of a transcript entry that this runtime writes, and reads again. */
interface Entry {
  readonly uuid: string;
  readonly type: 'user' | 'assistant';
  readonly message: { readonly content: readonly { readonly text: string }[] };
}

/** Between two pieces of an answer, at most, in ms. */
const PAUSE_MS = 120;
/** Long enough that an answer is whole before a turn may not go on any more. */
const LEAST_PAUSED_PARTS = 5;
const TIME_UP_SHARE = 0.5;
const USAGE = {
  input_tokens: 1,
  output_tokens: 1,
  cache_read_input_tokens: 0,
  cache_creation_input_tokens: 0,
};

/** An agent without tools and without a CLI: asks the harness's model with all it was restored with, and writes a transcript. */
export class ScriptedRuntime implements AgentRuntime {
  readonly #modelUrl: string;
  readonly #random: Random;

  constructor(modelUrl: string, random: Random) {
    this.#modelUrl = modelUrl;
    this.#random = random;
  }

  async *run({
    home,
    isResumed,
    prompt,
    outbox,
    signal,
    stop,
  }: AgentRun): AsyncGenerator<RuntimeEvent, void, undefined> {
    try {
      await readAttached(prompt, home.workspace);
      const before = isResumed ? await readFile(home.transcript, 'utf8') : '';
      const entries = before
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Entry);
      const messages = [...entries.map(spoken), { role: 'user' as const, text: prompt }];
      const whole = await this.#ask(messages, { signal, stop });
      if (whole === undefined) {
        const lines = interruptedLines(entries.at(-1), prompt, home.workspace);
        await writeFile(home.transcript, before + lines);
        yield { type: 'answer', text: '' };
        yield { type: 'summary', usage: USAGE, costUsd: 0, turns: 1, isStopped: true };
        return;
      }
      const lot = this.#random.occurrence(questionsIn(prompt).join(' '));
      const { answer, isStopped } = untilTimeIsUp(whole, lot);
      const middle = lot.integer(1, answer.length);
      yield { type: 'text', offset: 0, delta: answer.slice(0, middle) };
      await delay(lot.between(0, PAUSE_MS), undefined, { signal });
      yield { type: 'text', offset: middle, delta: answer.slice(middle) };
      await delay(lot.between(0, PAUSE_MS), undefined, { signal });
      await writeFile(
        home.transcript,
        before + turnLines(entries.at(-1), { says: prompt, answer, cwd: home.workspace }),
      );
      const [mark] = marksIn(answer);
      for (const token of mark ? wishesIn(prompt) : []) {
        const name = `for-${token}.txt`;
        await writeFile(join(home.workspace, name), `The file for ${token}`);
        await outbox.add(name, fileMark({ token, run: mark?.run ?? '' }));
      }
      yield { type: 'answer', text: answer };
      yield { type: 'summary', usage: USAGE, costUsd: 0, turns: 1, isStopped };
    } catch (error) {
      if (error instanceof AgentError) throw error;
      const why = signal.aborted ? 'The run was interrupted' : 'The scripted agent failed';
      throw new AgentError('agent_crashed', why, { cause: error });
    }
  }

  /** @returns what the model says; undefined when it was stopped before it had said anything. */
  async #ask(
    messages: readonly Spoken[],
    { signal, stop }: Pick<AgentRun, 'signal' | 'stop'>,
  ): Promise<string | undefined> {
    const body = JSON.stringify(messages);
    const ended = AbortSignal.any([signal, stop]);
    try {
      const response = await fetch(`${this.#modelUrl}/scripted`, { method: 'POST', body, signal: ended });
      if (response.status === 429) throw new AgentError('model_throttled', 'The model is busy');
      if (response.ok) return await response.text();
      throw new AgentError('model_unavailable', `The model answered ${response.status}`);
    } catch (error) {
      if (stop.aborted && !signal.aborted) return undefined;
      if (error instanceof AgentError || signal.aborted) throw error;
      throw new AgentError('model_unavailable', 'The model could not be reached', { cause: error });
    }
  }
}

/** What the prompt says of a file that the user sent: its path. */
const ATTACHED = /\[Attached file: (.+?) \(/g;

/** @throws Error when a file is not there, or is another one than its name says. */
async function readAttached(prompt: string, workspace: string): Promise<void> {
  for (const [, path = ''] of prompt.matchAll(ATTACHED)) {
    const [token = ''] = questionsIn(path);
    const content = await readFile(join(workspace, path), 'utf8');
    if (content !== contentOf(token)) throw new Error(`${path} has another content`);
  }
}

/** Some long answers are interrupted as a time limit would: between two of their paragraphs. */
function untilTimeIsUp(answer: string, lot: Random): { answer: string; isStopped: boolean } {
  const parts = answer.split('\n\n');
  if (parts.length < LEAST_PAUSED_PARTS || !lot.chance(TIME_UP_SHARE)) return { answer, isStopped: false };
  return { answer: parts.slice(0, lot.integer(1, parts.length - 1)).join('\n\n'), isStopped: true };
}

function spoken({ type, message }: Entry): Spoken {
  return { role: type, text: message.content.map(({ text }) => text).join('') };
}

/** The question, and what the CLI notes below one that was stopped at once. */
function interruptedLines(last: Entry | undefined, says: string, cwd: string): string {
  const asked = questionLine(last?.uuid, says, cwd);
  const note = questionLine(asked.uuid, '[Request interrupted by user]', cwd);
  return `${JSON.stringify(asked)}\n${JSON.stringify(note)}\n`;
}

function questionLine(parentUuid: string | undefined, says: string, cwd: string): Entry & { cwd: string } {
  const asked = {
    parentUuid: parentUuid ?? null,
    isSidechain: false,
    promptId: randomUUID(),
    type: 'user' as const,
    message: { role: 'user', content: [{ type: 'text', text: says }] },
    uuid: randomUUID(),
    cwd,
  };
  return asked;
}

function turnLines(
  last: Entry | undefined,
  { says, answer, cwd }: { readonly says: string; readonly answer: string; readonly cwd: string },
): string {
  const asked = questionLine(last?.uuid, says, cwd);
  const answered = {
    parentUuid: asked.uuid,
    isSidechain: false,
    type: 'assistant',
    message: { role: 'assistant', content: [{ type: 'text', text: answer }], stop_reason: 'end_turn' },
    uuid: randomUUID(),
    cwd,
  };
  return `${JSON.stringify(asked)}\n${JSON.stringify(answered)}\n`;
}
