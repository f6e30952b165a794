import { config } from 'dotenv';

/** What stands in `.env`, by name. */
export type EnvFile = Readonly<Record<string, string>>;

/**
 * Adds the settings of the current folder's `.env` file, if there is one, to the environment; what is set there already, stays.
 * @returns what the file holds.
 */
export function readEnvFile(): EnvFile {
  return config({ quiet: true }).parsed ?? {};
}
