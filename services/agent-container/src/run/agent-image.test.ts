import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../session/home/temporary-directory.fixture.ts';
import { DEFAULT_AGENT_FOLDER, readAgentImage } from './agent-image.ts';

/** The folder that ships, with some files changed. */
async function imageWith(files: Record<string, string>): Promise<string> {
  const folder = join(await temporaryDirectory(), 'agent');
  await cp(DEFAULT_AGENT_FOLDER, folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}

describe('the folder that ships', () => {
  it('is read, and has a system prompt', async () => {
    const image = await readAgentImage();
    expect(image).toMatchObject({ folder: DEFAULT_AGENT_FOLDER, plugins: [], mcpServers: {} });
    expect(image.systemPrompt).toMatch(/^You are .*[^\s]$/s);
  });

  it('has settings that are JSON', async () => {
    expect(JSON.parse(await readFile(join(DEFAULT_AGENT_FOLDER, 'settings.json'), 'utf8'))).toBeTypeOf(
      'object',
    );
  });

  it('names and describes every agent and skill, each under its file’s name', async () => {
    const agents = (await readdir(join(DEFAULT_AGENT_FOLDER, 'agents'))).map((file) => ({
      name: file.replace(/\.md$/, ''),
      path: join('agents', file),
    }));
    const skills = (await readdir(join(DEFAULT_AGENT_FOLDER, 'skills'))).map((name) => ({
      name,
      path: join('skills', name, 'SKILL.md'),
    }));
    expect([agents.length, skills.length]).not.toContain(0);
    for (const { name, path } of [...agents, ...skills]) {
      const text = await readFile(join(DEFAULT_AGENT_FOLDER, path), 'utf8');
      const [, header, body] = /^---\n(.*?)\n---\n(.*)$/s.exec(text) ?? [];
      expect(header, `${path} has no front matter`).toContain(`name: ${name}\n`);
      expect(header, `${path} has no description`).toMatch(/^description: \S.{20,}/m);
      expect(body?.trim(), `${path} says nothing`).not.toBe('');
    }
  });
});

describe('a folder of one’s own', () => {
  it('may name MCP servers of three kinds', async () => {
    const mcpServers = {
      files: { command: 'server', args: ['--root', '.'], env: { A: 'b' } },
      web: { type: 'http', url: 'https://example.org/mcp', headers: { authorization: 'x' } },
      events: { type: 'sse', url: 'https://example.org/sse' },
    };
    const folder = await imageWith({ 'mcp.json': JSON.stringify({ mcpServers }) });
    expect((await readAgentImage(folder)).mcpServers).toEqual(mcpServers);
  });

  it('has each folder below plugins as a plugin, and no file', async () => {
    const folder = await imageWith({});
    await mkdir(join(folder, 'plugins', 'mine'));
    expect((await readAgentImage(folder)).plugins).toEqual([join(folder, 'plugins', 'mine')]);
  });

  it.each([
    ['no JSON', '{'],
    ['no list of servers', '{}'],
    ['a field it does not know', '{"mcpServers":{},"servers":{}}'],
    ['a server without command or URL', '{"mcpServers":{"x":{}}}'],
    ['a server with a URL that is none', '{"mcpServers":{"x":{"type":"http","url":"nowhere"}}}'],
    ['a server of an unknown kind', '{"mcpServers":{"x":{"type":"carrier-pigeon","url":"https://a.b"}}}'],
    ['a misspelt field of a server', '{"mcpServers":{"x":{"command":"a","arguments":[]}}}'],
  ])('is refused when its mcp.json has %s', async (_, mcp) => {
    await expect(readAgentImage(await imageWith({ 'mcp.json': mcp }))).rejects.toThrow();
  });

  it.each(['system-prompt.md', 'mcp.json', 'plugins'])('is refused without %s', async (name) => {
    const folder = await imageWith({});
    await rm(join(folder, name), { recursive: true });
    await expect(readAgentImage(folder)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
