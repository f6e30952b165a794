import { ConfigError } from '@omnicloud/settings';
import { expect, it } from 'vitest';
import { parseAgentConfig } from '../config.ts';
import { readAgentImage } from './agent-image.ts';
import { ClaudeRuntime } from './claude-runtime.ts';
import { NamespaceIsolation } from './isolation/namespace-isolation.ts';

it.each([
  ['refused at the start when its runs have no network', false],
  ['accepted when they have one', true],
])('an image whose MCP servers are reached by URL is %s', async (_, isNetworkOn) => {
  const config = parseAgentConfig({
    ANTHROPIC_API_KEY: 'key',
    AGENT_SHELL: 'on',
  });
  const mcpServers = { weather: { type: 'http', url: 'https://weather.example/mcp' } } as const;
  const image = { ...(await readAgentImage()), mcpServers };
  const open = (): unknown =>
    new ClaudeRuntime(config, image, { isolation: new NamespaceIsolation(isNetworkOn) });
  if (isNetworkOn) expect(open).not.toThrow();
  else expect(open).toThrow(ConfigError);
});
