import { once } from 'node:events';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ModelRequest } from '@omnicloud/demo/internal/model/wire/model-request.ts';
import { PERSON } from '../fakes/telegram-server.ts';
import { useFlow } from './system.fixture.ts';

const flow = useFlow();
/** Of the machine that runs now. */
let dataDir = '';

/** A tool call, as the model makes it. */
const call = (name: string, input: Record<string, unknown>) => ({ type: 'tool_use', name, input }) as const;

/** Sends a message and waits for the answer; the model's other outputs of this turn were queued before. */
async function turn(answer: string): Promise<void> {
  flow.model.reply(answer);
  flow.say('Go on');
  await flow.telegram.waitForMessage(PERSON, (text) => text === answer);
  await stored(answer);
}

/** An answer may be seen before it is saved. */
async function stored(answer: string): Promise<void> {
  await vi.waitFor(
    async () => {
      const folder = join(dataDir, 'objects', 'sessions');
      expect(await readFile(join(folder, await sessionId(), 'conversation.jsonl'), 'utf8')).toContain(
        JSON.stringify(answer),
      );
    },
    { timeout: 60_000 },
  );
}

/** What the model was told last. */
const lastRequest = (): string => JSON.stringify(flow.model.requests.at(-1)?.body.messages);

const isOfSubagent = (request: ModelRequest): boolean =>
  JSON.stringify(request.body).includes('Count to three');

async function sessionId(): Promise<string> {
  const ids = await readdir(join(dataDir, 'objects', 'sessions'));
  // A second one would mean that the conversation was begun anew.
  expect(ids).toHaveLength(1);
  return ids.join();
}

/**
 * Runs what is given in one process; then its machine is gone, and the rest runs in a process on another one, which has the stores alone
 * and keeps its sessions elsewhere.
 */
async function moveAfter(inFirst: () => Promise<void>, settings: Record<string, string> = {}): Promise<void> {
  dataDir = flow.dataDir;
  const first = await flow.spawn(settings);
  await inFirst();
  first.process.kill('SIGKILL');
  await once(first.process, 'exit');
  dataDir = await mkdtemp(join(tmpdir(), 'omnicloud-moved-'));
  const moved = dataDir;
  onTestFinished(() => rm(moved, { recursive: true, force: true }));
  const work = join(flow.dataDir, 'work');
  await rm(work, { recursive: true, force: true });
  await cp(flow.dataDir, dataDir, { recursive: true });
  await flow.spawn({ ...settings, DATA_DIR: dataDir });
}

describe('On another machine, a session still has', () => {
  it('all that was said', async () => {
    await moveAfter(() => turn('Two litres.'));
    await turn('And now?');
    expect(lastRequest()).toMatch(/Go on.*Two litres\..*Go on/);
  });

  it('what it has read, so that it may change it', async () => {
    await moveAfter(async () => {
      flow.model.reply(call('Write', { file_path: 'milk.md', content: 'two litres' }));
      await turn('Written.');
    });
    flow.model.reply(call('Edit', { file_path: 'milk.md', old_string: 'two', new_string: 'three' }));
    await turn('Changed.');
    expect(lastRequest().split('"tool_result"').at(-1)).toContain('has been updated successfully');
    expect(lastRequest()).not.toContain('has not been read');
  });

  it('its tasks, with their numbers', async () => {
    await moveAfter(async () => {
      flow.model.reply(call('TaskCreate', { subject: 'Buy milk', description: 'Two litres' }));
      await turn('Noted.');
    });
    flow.model.reply(call('TaskList', {}));
    await turn('Milk.');
    expect(lastRequest()).toContain('#1');
    expect(lastRequest()).toMatch(/Buy milk(?!.*description)/);
  });

  it('the files that its agent made', async () => {
    await moveAfter(async () => {
      flow.model.reply(call('Write', { file_path: 'notes/milk.md', content: 'two litres of milk' }));
      await turn('Written.');
    });
    flow.model.reply(call('Read', { file_path: 'notes/milk.md' }));
    await turn('Read.');
    expect(lastRequest().match(/two litres of milk/g)?.length).toBeGreaterThan(1);
    expect(lastRequest()).toContain('1\\ttwo litres of milk');
  });

  it('a large result of a tool, which was stored in a file', async () => {
    await moveAfter(
      async () => {
        flow.model.reply(call('Bash', { command: 'seq 1 40000' }));
        await turn('Counted.');
        expect(lastRequest()).toContain('Full output saved to');
      },
      { AGENT_SHELL: 'on' },
    );
    flow.model.replyWith(function* (request) {
      const path = /Full output saved to: (\S+?\.txt)/.exec(JSON.stringify(request.body.messages))?.[1];
      yield call('Read', { file_path: path, offset: 39_990, limit: 5 });
    });
    await turn('Read.');
    expect(lastRequest()).toContain('39992');
  });

  it('what its subagents did, in transcripts that it may read', async () => {
    await moveAfter(async () => {
      flow.model.reply(
        call('Agent', { description: 'Count', prompt: 'Count to three', subagent_type: 'general-purpose' }),
      );
      flow.model.reply('one two three');
      await turn('Counted.');
      expect(flow.model.requests.some(isOfSubagent)).toBe(true);
    });
    const agentId = /agentId: (\w+)/.exec(lastRequest())?.[1] ?? '';
    const folder = join(dataDir, 'work', await sessionId(), 'config', 'projects', 'p', await sessionId());
    flow.model.reply(call('Read', { file_path: join(folder, 'subagents', `agent-${agentId}.meta.json`) }));
    flow.model.reply(call('Grep', { path: folder, pattern: 'one two t[h]ree', output_mode: 'content' }));
    await turn('Read.');
    const results = lastRequest().split('"tool_result"');
    expect(results.at(-2)).toContain('general-purpose');
    expect(results.at(-1)).toContain(`agent-${agentId}.jsonl:`);
  });

  it('the debug log of its turns, each with its heading', async () => {
    await moveAfter(() => turn('One.'));
    await turn('Two.');
    const log = await readFile(join(dataDir, 'objects', 'sessions', await sessionId(), 'debug.txt'), 'utf8');
    expect(log.match(/^=== turn .+, \d{4}-\d\d-\d\dT/gm)).toHaveLength(2);
    expect(log.split(/^=== turn .*$/m).filter((part) => part.includes('[DEBUG]'))).toHaveLength(2);
  });
});
