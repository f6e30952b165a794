import { once } from 'node:events';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { ModelRequest } from '../../local/src/demo-model/model-request.ts';
import { PERSON } from '../fakes/telegram-server.ts';
import { useFlow } from './system.fixture.ts';

const flow = useFlow();

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
      const folder = join(flow.dataDir, 'objects', 'sessions');
      const [sessionId = ''] = await readdir(folder);
      expect(await readFile(join(folder, sessionId, 'conversation.jsonl'), 'utf8')).toContain(
        JSON.stringify(answer),
      );
    },
    { timeout: 10_000 },
  );
}

/** What the model was told last. */
const lastRequest = (): string => JSON.stringify(flow.model.requests.at(-1)?.body.messages);

const isOfSubagent = (request: ModelRequest): boolean =>
  JSON.stringify(request.body).includes('Count to three');

async function sessionRoot(): Promise<string> {
  const [sessionId = ''] = await readdir(join(flow.dataDir, 'objects', 'sessions'));
  return join(flow.dataDir, 'work', sessionId);
}

/** Runs what is given in one process; then the whole machine but its store is gone, and the rest runs in another. */
async function moveAfter(inFirst: () => Promise<void>, settings: Record<string, string> = {}): Promise<void> {
  const first = await flow.spawn(settings);
  await inFirst();
  first.process.kill('SIGKILL');
  await once(first.process, 'exit');
  await rm(join(flow.dataDir, 'work'), { recursive: true, force: true });
  await flow.spawn(settings);
}

describe('On another machine, a session still has', () => {
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
    const path = /Full output saved to: (\S+?\.txt)/.exec(lastRequest())?.[1] ?? '';
    flow.model.reply(call('Read', { file_path: path, offset: 39_990, limit: 5 }));
    await turn('Read.');
    expect(lastRequest()).toContain('39992');
  });

  it('what its subagents did, so that their transcripts are where they were', async () => {
    const transcripts = async (): Promise<string[]> => {
      const root = await sessionRoot();
      const folder = join(root, 'config', 'projects', 'p', root.split('/').at(-1) ?? '', 'subagents');
      const names = await readdir(folder);
      return Promise.all(names.sort().map((name) => readFile(join(folder, name), 'utf8')));
    };
    let before: string[] = [];
    await moveAfter(async () => {
      flow.model.reply(
        call('Agent', { description: 'Count', prompt: 'Count to three', subagent_type: 'general-purpose' }),
      );
      flow.model.reply('one two three');
      await turn('Counted.');
      expect(flow.model.requests.some(isOfSubagent)).toBe(true);
      before = await transcripts();
      expect(before.join('')).toContain('one two three');
    });
    await turn('Still here.');
    expect(await transcripts()).toEqual(before);
  });

  it('its plans and its memory', async () => {
    const files = {
      'plans/brave-fox.md': 'Plan: buy milk',
      'projects/p/memory/MEMORY.md': 'The user likes milk',
    };
    await moveAfter(async () => {
      await turn('Hello.');
      for (const [path, text] of Object.entries(files)) {
        const at = join(await sessionRoot(), 'config', path);
        await mkdir(join(at, '..'), { recursive: true });
        // What is there when a turn begins but was never saved is removed: so it comes into being during one.
        flow.model.replyWith(async function* () {
          await mkdir(join(at, '..'), { recursive: true });
          await writeFile(at, text);
          yield `Wrote ${path}`;
        });
        flow.say('Plan');
        await stored(`Wrote ${path}`);
      }
    });
    await turn('And now.');
    for (const [path, text] of Object.entries(files))
      expect(await readFile(join(await sessionRoot(), 'config', path), 'utf8')).toBe(text);
  });

  it('the debug log of its turns, each with its heading', async () => {
    await moveAfter(() => turn('One.'));
    await turn('Two.');
    const [sessionId = ''] = await readdir(join(flow.dataDir, 'objects', 'sessions'));
    const log = await readFile(join(flow.dataDir, 'objects', 'sessions', sessionId, 'debug.txt'), 'utf8');
    expect(log.match(/^=== turn .+, \d{4}-\d\d-\d\dT/gm)).toHaveLength(2);
    expect(log.split(/^=== turn .*$/m).filter((part) => part.includes('[DEBUG]'))).toHaveLength(2);
  });
});
