import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Options } from '@anthropic-ai/claude-agent-sdk';
import { z } from 'zod';
import { CHAT_SERVER } from './tools/chat-tools.ts';
import { type ImageTools, readImageTools } from './tools/image-tools.ts';

/** The image's own `agent/` folder: what the agent is before any session begins. */
export interface AgentImage extends ImageTools {
  readonly folder: string;
  readonly systemPrompt: string;
  /** Directories of plugins. */
  readonly plugins: readonly string[];
  readonly mcpServers: NonNullable<Options['mcpServers']>;
}

/** The folder that ships with this package. */
export const DEFAULT_AGENT_FOLDER = fileURLToPath(new URL('../../agent', import.meta.url));

const mcpFile = z.strictObject({
  mcpServers: z.record(
    z.string().refine((name) => name !== CHAT_SERVER, 'is the name of the built-in server'),
    z.union([
      z.strictObject({
        type: z.literal('stdio').optional(),
        command: z.string(),
        args: z.array(z.string()).optional(),
        env: z.record(z.string(), z.string()).optional(),
      }),
      z.strictObject({
        type: z.enum(['http', 'sse']),
        url: z.url(),
        headers: z.record(z.string(), z.string()).optional(),
      }),
    ]),
  ),
});

/** @throws when a file is missing, or mcp.json, tools.json or settings.json is not what it should be. */
export async function readAgentImage(folder: string = DEFAULT_AGENT_FOLDER): Promise<AgentImage> {
  const [systemPrompt, mcp, plugins, tools] = await Promise.all([
    readFile(join(folder, 'system-prompt.md'), 'utf8'),
    readFile(join(folder, 'mcp.json'), 'utf8'),
    readdir(join(folder, 'plugins'), { withFileTypes: true }),
    readImageTools(folder),
  ]);
  return {
    folder,
    ...tools,
    systemPrompt: systemPrompt.trim(),
    mcpServers: mcpFile.parse(JSON.parse(mcp)).mcpServers as AgentImage['mcpServers'],
    plugins: plugins
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(folder, 'plugins', entry.name)),
  };
}
