import { join, resolve } from 'node:path';
import { chooseIsolation, type Isolation } from '@omnicloud/agent-container';
import type { LocalConfig } from './config.ts';

/** @returns where the agent server lays sessions out. */
export function workRootOf({ dataDir }: LocalConfig): string {
  return join(dataDir, 'work');
}

/**
 * Whether the shell can be confined must be known before anybody can reach us.
 * @param tell is told once which walls hold.
 * @returns what confines it; undefined when it is off, or unconfined on purpose.
 * @throws ConfigError when it is on and cannot be confined here.
 */
export function confineShell(
  config: LocalConfig,
  tell: (notice: string) => void,
): Promise<Isolation | undefined> {
  return chooseIsolation(config.run, {
    workRoot: workRootOf(config),
    hidden: [resolve('.env'), config.dataDir],
    tell,
  });
}
