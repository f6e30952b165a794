import { readParts } from '@omnicloud/settings';
import { type ModelConfig, modelSchema } from './model-config.ts';
import { type RunConfig, runSchema } from './run-config.ts';

/** The agent, wherever its server runs. */
export type AgentConfig = ModelConfig & RunConfig;

/** @throws ConfigError naming every variable that is wrong or missing. */
export function parseAgentConfig(environment: NodeJS.ProcessEnv = process.env): AgentConfig {
  const { run, model } = readParts({ run: runSchema, model: modelSchema }, environment);
  return { ...run, ...model };
}
