// A stdio MCP server that stops answering at the method it was told: what a run must do without.
import { createInterface } from 'node:readline';

const [, , muteAt] = process.argv;

const RESULTS: Readonly<Record<string, (params: { protocolVersion?: string }) => object>> = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion,
    capabilities: { tools: {} },
    serverInfo: { name: 'mute', version: '1' },
  }),
  'tools/list': () => ({ tools: [{ name: 'ask', description: 'Asks', inputSchema: { type: 'object' } }] }),
  'tools/call': () => ({ content: [{ type: 'text', text: 'asked' }] }),
};

interface Request {
  readonly id?: number;
  readonly method: string;
  readonly params?: { readonly protocolVersion?: string };
}

for await (const line of createInterface(process.stdin)) {
  const { id, method, params = {} } = JSON.parse(line) as Request;
  if (method === muteAt || id === undefined) continue;
  process.stdout.write(
    `${JSON.stringify({ jsonrpc: '2.0', id, result: RESULTS[method]?.(params) ?? {} })}\n`,
  );
}
