// what a run must say beside its answer, with the real CLI: MCP servers that are mute, a conversation that was compacted
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parseAgentConfig } from '@omnicloud/agent-container/internal/config.ts';
import { type AgentImage, readAgentImage } from '@omnicloud/agent-container/internal/run/agent-image.ts';
import type { RuntimeEvent } from '@omnicloud/agent-container/internal/run/agent-runtime.ts';
import { ClaudeRuntime } from '@omnicloud/agent-container/internal/run/claude-runtime.ts';
import { DirectorySessionStore } from '@omnicloud/agent-container/internal/session/store/directory-session-store.ts';
import { Outbox } from '@omnicloud/agent-container/internal/session/files/outbox.ts';
import { persist } from '@omnicloud/agent-container/internal/session/persist.ts';
import { readStoredSession, restore } from '@omnicloud/agent-container/internal/session/restore.ts';
import { sessionHome } from '@omnicloud/agent-container/internal/session/home/session-home.ts';
import { type ScriptedModel, startScriptedModel } from '../fakes/scripted-model.ts';

const ID = '0190c8a4-0000-4000-8000-000000000001';
const MUTE = join(import.meta.dirname, 'mute-mcp.process.ts');

let root: string;
let model: ScriptedModel;
const errors: unknown[] = [];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'omnicloud-beside-'));
  model = await startScriptedModel();
  errors.length = 0;
});
afterEach(async () => {
  await model.close();
  await rm(root, { recursive: true, force: true });
});

/** @returns runs of one session, each on a machine with an empty disk. */
async function openRuns(
  mcpServers: AgentImage['mcpServers'] = {},
): Promise<(prompt: string) => Promise<RuntimeEvent[]>> {
  const config = parseAgentConfig({
    PATH: process.env.PATH ?? '',
    CLAUDE_CODE_USE_BEDROCK: '1',
    AWS_REGION: 'us-east-1',
    BEDROCK_ACCESS_KEY_ID: 'AKIAFLOWTEST',
    BEDROCK_SECRET_ACCESS_KEY: 'flow-test-secret-key',
    ANTHROPIC_BEDROCK_BASE_URL: model.baseUrl,
    ANTHROPIC_DEFAULT_OPUS_MODEL: 'anthropic.flow-opus-v1:0',
    ANTHROPIC_DEFAULT_SONNET_MODEL: 'anthropic.flow-sonnet-v1:0',
    ANTHROPIC_DEFAULT_HAIKU_MODEL: 'anthropic.flow-haiku-v1:0',
  });
  const image = { ...(await readAgentImage()), mcpServers };
  const runtime = new ClaudeRuntime(config, image, { onError: (error) => errors.push(error) });
  const store = new DirectorySessionStore(join(root, 'objects'));
  return async (prompt) => {
    const home = sessionHome(await mkdtemp(join(root, 'machine-')), ID);
    const stored = await readStoredSession(store, ID);
    await restore(stored, home, { imageFolder: image.folder });
    await using outbox = new Outbox(home);
    const never = new AbortController().signal;
    const run = {
      home,
      outbox,
      prompt,
      isResumed: stored.conversation !== undefined,
      signal: never,
      stop: never,
    };
    const events: RuntimeEvent[] = [];
    for await (const event of runtime.run(run)) events.push(event);
    await persist(home, store, { before: stored.version, files: stored.files });
    return events;
  };
}

const noticesIn = (events: readonly RuntimeEvent[]): RuntimeEvent[] =>
  events.filter(({ type }) => type === 'notice');
const answerIn = (events: readonly RuntimeEvent[]): RuntimeEvent | undefined =>
  events.find(({ type }) => type === 'answer');
const toolsOf = (index: number): string => JSON.stringify(model.requests[index]?.body.tools);

it('MCP servers that do not start, or do not say their tools, are left out, logged, and told of once', async () => {
  const run = await openRuns({
    never: { command: process.execPath, args: [MUTE, 'initialize'] },
    toolless: { command: process.execPath, args: [MUTE, 'tools/list'] },
    quick: { command: process.execPath, args: [MUTE] },
  });
  const first = await run('Hello');
  expect(noticesIn(first)).toEqual([
    { type: 'notice', notice: 'servers_missing', servers: ['never', 'toolless'] },
  ]);
  expect(answerIn(first)).toMatchObject({ text: 'ok' });
  expect(errors.map(String)).toEqual([
    expect.stringContaining('never did not start'),
    expect.stringContaining('toolless did not start'),
  ]);
  expect(noticesIn(await run('And now?'))).toEqual([]);
  expect(toolsOf(1)).toContain('mcp__quick__ask');
  expect(toolsOf(1)).not.toMatch(/mcp__(never|toolless)/);
  // The second run did not wait for them: nobody learned anew that they are mute.
  expect(errors).toHaveLength(2);
}, 60_000);

it('A conversation that no longer fits is summed up, which is said, and the summary goes to the next machine', async () => {
  const run = await openRuns();
  model.reply('I know it now.');
  await run(`The password is swordfish. ${'Much else was said. '.repeat(2_000)}`);
  const tooLong = { type: 'error', status: 400, errorType: 'ValidationException' } as const;
  // The CLI asks once more before it believes that.
  for (let tries = 0; tries < 2; tries += 1)
    model.reply({ ...tooLong, message: 'Input is too long for requested model.' });
  model.reply('<summary>The password was told: swordfish.</summary>');
  model.reply('Still here.');
  const compacted = await run('Are you there?');
  expect(noticesIn(compacted)).toEqual([{ type: 'notice', notice: 'compacted' }]);
  expect(answerIn(compacted)).toMatchObject({ text: 'Still here.' });
  expect(noticesIn(await run('What is it?'))).toEqual([]);
  const told = JSON.stringify(model.requests.at(-1)?.body.messages);
  expect(told).toContain('The password was told: swordfish.');
  expect(told).not.toContain('Much else was said.');
}, 60_000);
