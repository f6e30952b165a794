// PORT → the agent server, and AgentCore's two routes → SIGTERM: connections cut, runs interrupted and saved, the end
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { endOnUnknownState } from '@omnicloud/settings';
import { sqliteAdvice } from '@omnicloud/storage';
import { openContainer } from './open-container.ts';
import { parseAgentEnvironment } from './container-config.ts';
import { openAgentLog } from './agent-log.ts';
import { createAgentCoreApp } from './serve/hosts/agentcore-app.ts';

const config = parseAgentEnvironment();
const log = openAgentLog(config.service);
const server = await openContainer(config, log, false).catch((error: unknown): never => {
  const advice = sqliteAdvice(error);
  if (advice === undefined) throw error;
  // What is wrong with a file is for whoever runs the server; where in the code it was met helps nobody.
  console.error(advice);
  process.exit(1);
});
const app = createAgentCoreApp(server);
const listener = createAdaptorServer({ fetch: (request) => app.fetch(request) }) as Server;
await once(listener.listen(config.port, config.host), 'listening');
log.info(`Listening on port ${(listener.address() as AddressInfo).port}`);

// A connection that the system cannot give is that one's own misfortune.
listener.on('error', (error) => log.error('A connection could not be taken', error));

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    log.info(`Ending after ${signal}`);
    end().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error('Ending failed', error);
        process.exit(1);
      },
    );
  });
}
endOnUnknownState({ log: (message, error) => log.error(message, error), end });

async function end(): Promise<void> {
  listener.close();
  listener.closeAllConnections();
  await server.atRest();
  await server.close();
}
