import { closeSync, readFileSync } from 'node:fs';
import { z } from 'zod';

/**
 * Adds the settings that whoever started us passed by a descriptor, if so: an environment stands below /proc for others to read.
 * @throws when they are not what the launcher writes.
 */
export function readPassedSettings(environment: NodeJS.ProcessEnv = process.env): void {
  const { OMNICLOUD_SETTINGS_FD: descriptor } = environment;
  if (descriptor === undefined) return;
  delete environment.OMNICLOUD_SETTINGS_FD;
  const settings: unknown = JSON.parse(readFileSync(Number(descriptor), 'utf8'));
  closeSync(Number(descriptor));
  Object.assign(environment, z.record(z.string(), z.string()).parse(settings));
}
