import { writeFile } from 'node:fs/promises';
import { AgentError } from '../errors.ts';
import { jsonl, wholeTurn } from '../session/transcript/transcript.fixture.ts';
import type { AgentRun, AgentRuntime, RuntimeEvent } from './agent-runtime.ts';

export type Script = (run: AgentRun) => AsyncIterable<RuntimeEvent>;

export const SUMMARY: RuntimeEvent = {
  type: 'summary',
  usage: {
    input_tokens: 10,
    output_tokens: 2,
    cache_read_input_tokens: 0,
    cache_creation_input_tokens: 0,
  },
  costUsd: 0.25,
  turns: 1,
  isStopped: false,
};

/** An adapter of `AgentRuntime` that does what a test wrote down, and remembers what it was asked. */
export class ScriptedRuntime implements AgentRuntime {
  readonly runs: AgentRun[] = [];
  #script: Script;

  constructor(script: Script = answering('Hello')) {
    this.#script = script;
  }

  /** From the next run on. */
  follow(script: Script): void {
    this.#script = script;
  }

  async *run(run: AgentRun): AsyncGenerator<RuntimeEvent, void, undefined> {
    this.runs.push(run);
    yield* this.#script(run);
  }
}

/** A sound run: text, answer, summary, and a transcript of this one turn. */
export function answering(text: string): Script {
  return async function* (run) {
    await writeTranscript(run, jsonl(...wholeTurn({ answer: text, cwd: run.home.workspace })));
    yield { type: 'text', offset: 0, delta: text };
    yield { type: 'answer', text };
    yield SUMMARY;
  };
}

/** Says where the run has come to, and goes on when the test lets it; an aborted run throws, as the port promises. */
export function holding(script: Script): { script: Script; started: Promise<AgentRun>; release: () => void } {
  const started = Promise.withResolvers<AgentRun>();
  const released = Promise.withResolvers<undefined>();
  return {
    started: started.promise,
    release: () => released.resolve(undefined),
    script: async function* (run) {
      const aborted = new Promise((resolve) => {
        run.signal.addEventListener('abort', resolve, { once: true });
      });
      started.resolve(run);
      await Promise.race([released.promise, aborted]);
      if (run.signal.aborted) throw new AgentError('agent_crashed', 'The run was interrupted');
      yield* script(run);
    },
  };
}

/** @returns a run that writes its transcript, says something and then throws the error. */
export function failing(error: unknown): Script {
  return async function* (run) {
    await writeTranscript(run, '{"said":"lost"}\n');
    await writeFile(run.home.debugLog, 'why it failed\n');
    yield { type: 'text', offset: 0, delta: 'lost' };
    throw error;
  };
}

export async function writeTranscript(run: AgentRun, jsonl: string): Promise<void> {
  await writeFile(run.home.transcript, jsonl);
}
