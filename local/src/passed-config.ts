import { closeSync, readFileSync } from 'node:fs';
import { z } from 'zod';

/**
 * Adds the settings that the launcher passed by a descriptor: an environment stands below /proc for others to read.
 * @returns whether the launcher started this process.
 * @throws when they are not what the launcher writes.
 */
export function readPassedSettings(environment: NodeJS.ProcessEnv = process.env): boolean {
  const { OMNICLOUD_SETTINGS_FD: descriptor } = environment;
  if (descriptor === undefined) return false;
  delete environment.OMNICLOUD_SETTINGS_FD;
  const settings: unknown = JSON.parse(readFileSync(Number(descriptor), 'utf8'));
  closeSync(Number(descriptor));
  Object.assign(environment, z.record(z.string(), z.string()).parse(settings));
  return true;
}
