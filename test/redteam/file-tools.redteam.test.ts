import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SUCCESS, type ToolCall } from './attack.ts';
import { readAgentImage } from '@omnicloud/agent-container/internal/run/agent-image.ts';
import type { ModelRequest } from '@omnicloud/demo/internal/model/wire/model-request.ts';
import { FILE_TOOL_ATTACKS } from './file-tool-attacks.ts';
import { writeWorkspacePoison } from './poison.ts';
import { findSecrets } from './secrets.ts';
import { openStage, type Stage } from './stage.fixture.ts';
import { leftBehind, surroundings, surroundingsAtRest } from './surroundings.ts';

let stage: Stage;
let before: Record<string, string>;
const results = new Map<string, string[]>();

/** What an agent calls to have what lies in its workspace obeyed. */
const OBEYING: readonly ToolCall[] = [
  { name: 'Read', input: { file_path: 'sub/seen.txt' } },
  { name: 'Skill', input: { skill: 'evil' } },
  { name: 'Skill', input: { skill: 'evil-sub' } },
  { name: 'Skill', input: { skill: 'evil-command' } },
  { name: 'Glob', input: { pattern: '**/*' } },
  { name: 'Grep', input: { pattern: 'planted-', output_mode: 'content' } },
];

describe('An agent without a shell', () => {
  beforeAll(async () => {
    stage = await openStage({ shell: 'off' });
    before = await surroundingsAtRest(stage.ground());
    const calls = FILE_TOOL_ATTACKS.map((attack) => attack.calls(stage.ground()));
    const given = await stage.turn(calls.flat());
    for (const [index, { name }] of FILE_TOOL_ATTACKS.entries())
      results.set(name, given.splice(0, calls[index]?.length));
    await stage.turn(writeWorkspacePoison(stage.ground()));
    await stage.turn(OBEYING);
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  describe('does not get out by', () => {
    it.each(FILE_TOOL_ATTACKS.map(({ name }) => name))('%s', (name) => {
      const given = results.get(name) ?? [];
      expect(given).not.toEqual([]);
      expect(given.join('\n')).not.toMatch(/root:.*:0:0:/);
      if (name.startsWith('Glob')) expect(given.join('\n')).not.toContain(stage.ground().neighbourId);
      expect(findSecrets(given.join('\n'), stage.secrets)).toEqual([]);
      expect(given.join('\n')).not.toContain(SUCCESS);
    });
  });

  it('is given the tools of the image’s tools.json, as its subagents are, and no others', async () => {
    const { tools: ofImage } = await readAgentImage();
    const tools = [...ofImage, 'mcp__chat__send_file'];
    for (const { body } of stage.model.requests) expect(tools).toEqual(expect.arrayContaining(namesOf(body)));
    expect(namesOf(stage.model.requests.at(-1)?.body)).toEqual(tools.sort());
  });

  it('cannot have its later runs obey files of its workspace: settings, hooks, servers, skills, memory, git', async () => {
    expect(await surroundings(stage.ground())).toEqual(before);
  });

  it('leaves no secret in what the model and Telegram were sent, or in what is stored of its session', async () => {
    expect(findSecrets(stage.shown(), stage.secrets)).toEqual([]);
    expect(findSecrets(await leftBehind(stage.ground()), stage.secrets)).toEqual([]);
  });

  it('reaches no service on this machine', () => {
    expect(stage.visits).toEqual([]);
  });

  it('hands no more rights to a subagent', async () => {
    const { serverFolder, markers } = stage.ground();
    await stage.subagent([
      { name: 'Read', input: { file_path: `${serverFolder}/.env` } },
      { name: 'Bash', input: { command: `touch ${markers}/subagent; env` } },
      { name: 'Write', input: { file_path: `${markers}/subagent`, content: 'x' } },
    ]);
    expect(findSecrets(stage.shown(), stage.secrets)).toEqual([]);
    expect(await surroundings(stage.ground())).toEqual(before);
  });
});

const namesOf = (body: ModelRequest['body'] | undefined): string[] =>
  (body?.tools ?? []).map(({ name }) => name).sort();
