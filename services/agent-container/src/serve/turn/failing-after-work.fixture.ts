import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentRun } from '../../run/agent-runtime.ts';
import type { Script } from '../../run/scripted-runtime.fixture.ts';
import { assistantEntry, type Entry, jsonl, userEntry } from '../../session/transcript/transcript.fixture.ts';

/** A run that says something, writes and sends a file with a tool, and then fails. */
export function failingAfterWork(error: unknown): Script {
  return async function* (run) {
    await writeFile(join(run.home.workspace, 'notes.md'), 'hello');
    await run.outbox.add('notes.md');
    const user = userEntry(run.prompt, undefined, { cwd: run.home.workspace });
    const call = assistantEntry(
      [
        { type: 'text', text: 'I write.' },
        { type: 'tool_use', id: 'call-1', name: 'Write', input: {} },
      ],
      user,
      'tool_use',
    );
    const result = userEntry([{ type: 'tool_result', tool_use_id: 'call-1', content: 'done' }], call);
    await append(run, user, call, result);
    yield { type: 'text', offset: 0, delta: 'I write.' };
    throw error;
  };
}

/** Adds entries to the transcript of a run. */
export async function append({ home }: AgentRun, ...entries: Entry[]): Promise<void> {
  await writeFile(home.transcript, jsonl(...entries), { flag: 'a' });
}
