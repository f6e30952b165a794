// send_file, as the model calls it → outbox → what the model is told
import { createSdkMcpServer, type McpServerConfig, tool } from '@anthropic-ai/claude-agent-sdk';
import { z } from 'zod';
import { type Outbox, UnsendableFileError } from '../../session/files/outbox.ts';

/** The name of our own MCP server: its tools are `mcp__chat__…`, and the image may not name one like it. */
export const CHAT_SERVER = 'chat';

const DESCRIPTION =
  'Sends a file of the working directory to the chat, where the user can open and download it. ' +
  'The file is taken as it is now and arrives below your answer. Use it whenever the user asks for a file, or when a result is better read as one.';

/** @returns the tools by which the agent reaches its chat; they run in the server, and hand over nothing but files of the workspace. */
export function chatTools(outbox: Outbox): McpServerConfig {
  const sendFile = tool(
    'send_file',
    DESCRIPTION,
    {
      path: z.string().min(1).max(4_096).describe('Relative to the working directory'),
      caption: z.string().max(1_024).optional().describe('A short text below the file'),
    },
    async ({ path, caption }) => {
      try {
        const { name, size } = await outbox.add(path, caption);
        return {
          content: [
            { type: 'text', text: `${name} (${size} bytes) will arrive in the chat below your answer.` },
          ],
        };
      } catch (error) {
        if (!(error instanceof UnsendableFileError)) throw error;
        return { isError: true, content: [{ type: 'text', text: error.message }] };
      }
    },
  );
  return createSdkMcpServer({ name: CHAT_SERVER, tools: [sendFile], alwaysLoad: true });
}
