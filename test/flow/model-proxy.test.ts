import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { PERSON } from '../fakes/telegram-server.ts';
import { useFlow } from './system.fixture.ts';

const flow = useFlow();

/** What the session's only CLI was started with. */
async function processOfCli(): Promise<{ environment: string; arguments: string }> {
  const [session = ''] = await readdir(join(flow.dataDir, 'work'));
  const pid = await readFile(join(flow.dataDir, 'work', session, 'cli.pid'), 'utf8');
  return {
    environment: await readFile(`/proc/${pid}/environ`, 'utf8'),
    arguments: await readFile(`/proc/${pid}/cmdline`, 'utf8'),
  };
}

/** Anthropic's API, which answers every message "Hello from Anthropic." */
async function startAnthropic(): Promise<{ url: string; requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = [];
  const usage = { input_tokens: 10, output_tokens: 4 };
  const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'm', content: [], usage };
  const events = [
    { type: 'message_start', message },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello from Anthropic.' } },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage },
    { type: 'message_stop' },
  ];
  const server = createServer((request, response) => {
    requests.push(request);
    request.resume();
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

describe('The way to the model', () => {
  it.runIf(process.platform === 'linux')(
    'leaves no key in the CLI’s process or its files, though the calls are signed with it',
    async () => {
      await flow.start();
      const gate = flow.model.hold();
      flow.say('Hello');
      await gate.reached;
      const cli = await processOfCli();
      gate.release();
      await flow.telegram.waitForMessage(PERSON, (text) => text === 'ok');
      expect(cli.environment).toContain('ANTHROPIC_BEDROCK_BASE_URL=http://127.0.0.1:');
      for (const known of [cli.environment, cli.arguments]) {
        expect(known).not.toContain('AKIAFLOWTEST');
        expect(known).not.toContain('flow-test-secret-key');
        expect(known).not.toContain(flow.model.baseUrl);
      }
      const files = await readdir(join(flow.dataDir, 'work'), { recursive: true, withFileTypes: true });
      for (const file of files.filter((entry) => entry.isFile())) {
        const text = await readFile(join(file.parentPath, file.name), 'utf8');
        expect(text.includes('flow-test-secret-key'), file.name).toBe(false);
      }
    },
  );

  it('ends a turn at its token limit: no further call is made, and the user is told', async () => {
    await flow.start({ TURN_TOKEN_LIMIT: '1' });
    flow.model.reply({ type: 'tool_use', name: 'Write', input: { file_path: 'a.txt', content: 'x' } });
    flow.say('Write a file');
    const text = await flow.telegram.waitForMessage(PERSON, (said) => said.includes('limit'));
    expect(text).toBeDefined();
    expect(flow.model.requests).toHaveLength(1);
  });

  it('leads to Anthropic as well, whose key the CLI does not have either', async () => {
    const anthropic = await startAnthropic();
    await flow.start({
      CLAUDE_CODE_USE_BEDROCK: '0',
      ANTHROPIC_API_KEY: 'the-real-anthropic-key',
      ANTHROPIC_BASE_URL: anthropic.url,
    });
    flow.say('Hello');
    await flow.telegram.waitForMessage(PERSON, (text) => text === 'Hello from Anthropic.');
    expect(anthropic.requests.map(({ headers }) => headers['x-api-key'])).toContain('the-real-anthropic-key');
    expect(anthropic.requests.every(({ url = '' }) => url.startsWith('/v1/messages'))).toBe(true);
  });
});
