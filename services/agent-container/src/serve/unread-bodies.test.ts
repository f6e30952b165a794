import { once } from 'node:events';
import { request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { routes } from '@omnicloud/protocol';
import { expect, it, onTestFinished } from 'vitest';
import { createAgentCoreApp } from './hosts/agentcore-app.ts';
import { agentServer, TOKEN } from './agent-server.fixture.ts';

const MIB = 1024 * 1024;

/** Sends 400 MB to a real server, as far as it takes them. @returns the answer's status, and how far our memory grew. */
async function flood(path: string, token: string): Promise<{ status: number; grownBytes: number }> {
  const { app } = await agentServer();
  const served = createAgentCoreApp({ fetch: async (asked) => app.fetch(asked), runs: 0 });
  const server = createAdaptorServer({ fetch: (asked) => served.fetch(asked) }) as Server;
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const sent = request({ port, host: '127.0.0.1', path, method: 'POST', headers });
  const answered = once(sent, 'response');
  sent.on('error', () => undefined);
  const before = process.memoryUsage().rss;
  const chunk = Buffer.alloc(MIB, 32);
  let most = 0;
  const pour = async (): Promise<void> => {
    for (let count = 0; count < 400 && !sent.destroyed; count += 1) {
      if (!sent.write(chunk)) await Promise.race([once(sent, 'drain'), once(sent, 'close')]);
      most = Math.max(most, process.memoryUsage().rss - before);
    }
    sent.end();
  };
  void pour();
  const [{ statusCode }] = (await answered) as [{ statusCode: number }];
  sent.destroy();
  return { status: statusCode, grownBytes: most };
}

it.each([
  ['/invocations', 'wrong', 401],
  ['/invocations', TOKEN, 413],
  [routes.create, 'wrong', 401],
  [routes.create, TOKEN, 413],
])('400 MB sent to %s with the token %s are answered with %i and never held', async (path, token, status) => {
  const answer = await flood(path, token);
  expect(answer.status).toBe(status);
  expect(answer.grownBytes).toBeLessThan(100 * MIB);
});
