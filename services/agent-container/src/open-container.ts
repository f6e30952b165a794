// the environment of a container or a function → work folder, stores → the agent server
import { openSecretsManager } from '@omnicloud/secrets';
import type { AgentLog } from './agent-log.ts';
import { openAgentStores } from './agent-stores.ts';
import type { ContainerConfig } from './container-config.ts';
import { type AgentServer, openAgentServer } from './open-agent-server.ts';
import { prepareWork } from './prepare-work.ts';

/**
 * @param isOneRunAtATime whether the platform never has two runs in this process at once, as on Lambda.
 * @throws ConfigError when the shell is on and cannot be confined here; other errors when the image's own files are missing or wrong, or
 *   the stores cannot be opened.
 */
export async function openContainer(
  config: ContainerConfig,
  log: AgentLog,
  isOneRunAtATime: boolean,
): Promise<AgentServer> {
  const { agent, workRoot, token, agentFolder, corsOrigins } = config;
  const storeFolders = config.stores.kind === 'embedded' ? [config.stores.directory] : [];
  const work = await prepareWork({
    workRoot,
    storeFolders,
    isOneRunAtATime,
    diskLimits: agent.diskLimits,
    log,
  });
  return openAgentServer({
    agent,
    work,
    openStores: () => openAgentStores(config.stores),
    token,
    secrets: openSecretsManager(),
    log,
    agentFolder,
    corsOrigins,
  });
}
