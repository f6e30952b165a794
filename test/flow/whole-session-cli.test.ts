import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { ModelRequest } from '@omnicloud/demo/internal/model/wire/model-request.ts';
import { type CliMachine, useCliMachines } from './cli-machine.fixture.ts';

const cli = useCliMachines();

/** A tool call, as the model makes it. */
const call = (name: string, input: Record<string, unknown>) => ({ type: 'tool_use', name, input }) as const;

/** What the model was told: the text of its system prompt and of its messages. */
const told = ({ body }: ModelRequest): string => JSON.stringify([body.system, body.messages]);

/** @returns what the model was told at each of its requests since the given one. */
const toldSince = (count: number): string[] => cli.model.requests.slice(count).map(told);

/** Lets the model write a file into the folder that its own request names, or at the very path. */
function writeWhereTold(place: RegExp, name: string, content: string): void {
  cli.model.replyWith(function* (request) {
    const path = place.exec(told(request))?.[1];
    if (path === undefined) throw new Error(`The model was not told of ${place.source}`);
    yield call('Write', { file_path: path + name, content });
  });
}

const AS_THE_CLI = { systemPrompt: { type: 'preset', preset: 'claude_code' } } as const;

it('A plan is where the model was told', async () => {
  const planning = { ...AS_THE_CLI, permissionMode: 'plan' } as const;
  const place = /create your plan at (\S+?\.md) /;
  writeWhereTold(place, '', 'Buy milk on Monday');
  await (await cli.newMachine()).turn('Plan it', planning);
  const before = cli.model.requests.length;
  cli.model.replyWith(function* (request) {
    yield call('Read', { file_path: place.exec(told(request))?.[1] });
  });
  const other = await cli.newMachine();
  await other.turn('Go on', planning);
  const [first, second] = toldSince(before);
  expect(place.exec(first ?? '')?.[1]).toContain(`${other.home.config}/plans/`);
  expect(second).toContain('1\\tBuy milk on Monday');
});

it('A subagent goes on where it ended', async () => {
  const tools = { tools: ['Agent', 'SendMessage'] };
  cli.model.reply(call('Agent', { description: 'Count', prompt: 'Count', subagent_type: 'general-purpose' }));
  cli.model.reply('one two three');
  await (await cli.newMachine()).turn('Count', tools);
  const agentId = /agentId: (\w+)/.exec(toldSince(0).at(-1) ?? '')?.[1] ?? '';
  const before = cli.model.requests.length;
  cli.model.reply(call('SendMessage', { to: agentId, summary: 'Go on', message: 'Go on from there' }));
  await (await cli.newMachine()).turn('And now?', tools);
  const ofSubagent = toldSince(before).find((text) => !text.includes('And now?'));
  expect(ofSubagent).toContain('one two three');
  expect(ofSubagent).toContain('Go on from there');
});

it('A checkpoint gives a file back as it was before a message', async () => {
  const options = { enableFileCheckpointing: true };
  const list = ({ home }: CliMachine): string => join(home.workspace, 'list.txt');
  const one = await cli.newMachine();
  cli.model.reply(call('Write', { file_path: list(one), content: 'milk' }));
  await one.turn('Write it', options);
  cli.model.reply(call('Edit', { file_path: list(one), old_string: 'milk', new_string: 'beer' }));
  await one.turn('Change it', options);
  const other = await cli.newMachine();
  await other.turn('Go back', options, async (session) => {
    expect(await readFile(list(other), 'utf8')).toBe('beer');
    await session.rewindFiles(await other.messageId('Change it'));
  });
  expect(await readFile(list(other), 'utf8')).toBe('milk');
});

it('What the CLI remembers of its own accord is told to the model', async () => {
  writeWhereTold(/file-based memory at `(\S+?)`/, 'MEMORY.md', '- The user likes milk');
  await (await cli.newMachine()).turn('I like milk', AS_THE_CLI);
  const before = cli.model.requests.length;
  const other = await cli.newMachine();
  await other.turn('What do I like?', AS_THE_CLI);
  expect(toldSince(before).join('')).toMatch(
    new RegExp(
      `Contents of ${other.home.config}/projects/p/memory/MEMORY.md [^:]+:(\\\\n)+- The user likes milk`,
    ),
  );
});

it('A subagent’s own memory is told to it', async () => {
  const agent = call('Agent', { description: 'Keep', prompt: 'Keep it', subagent_type: 'keeper' });
  cli.model.reply(agent);
  writeWhereTold(/memory system at `(\S+?)`/, 'MEMORY.md', '- The user likes milk');
  await (await cli.newMachine()).turn('I like milk');
  const before = cli.model.requests.length;
  cli.model.reply(agent);
  await (await cli.newMachine()).turn('What do I like?');
  const ofSubagent = toldSince(before).find((text) => !text.includes('What do I like?'));
  expect(ofSubagent).toContain('- The user likes milk');
});
