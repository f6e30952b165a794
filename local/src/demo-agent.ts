import type { AgentConfig, RunConfig } from '@omnicloud/agent-container';

export const DEMO_MODEL_ID = 'omnicloud.demo-model-v1:0';

/**
 * @param baseUrl where the demo model listens.
 * @returns an agent whose only model is the demo model. Its CLI gets of this machine's environment what it needs to run at all.
 */
export function demoAgentConfig(run: RunConfig, baseUrl: string): AgentConfig {
  const { PATH, SystemRoot } = run.inherited;
  return {
    ...run,
    inherited: {
      ...(PATH === undefined ? {} : { PATH }),
      ...(SystemRoot === undefined ? {} : { SystemRoot }),
    },
    // The demo model listens on this machine, so no proxy leads to it, and it checks no signature.
    access: { kind: 'bedrock', region: 'us-east-1', baseUrl, credentials: 'none' },
    models: { opus: DEMO_MODEL_ID, sonnet: DEMO_MODEL_ID, haiku: DEMO_MODEL_ID },
    proxies: {},
  };
}
