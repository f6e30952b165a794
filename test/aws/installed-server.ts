import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Below `node_modules`, so that it is neither committed nor shipped, and goes away with it. */
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/omnicloud-aws', import.meta.url));

/** A server cannot be had on this machine: a program is missing, or its packages could not be installed. */
export class ServerMissingError extends Error {
  override readonly name = 'ServerMissingError';
}

/**
 * Installs a server once.
 * @param name the folder in the cache; carries the version, so that another version is another folder.
 * @param install fills the given folder; what it leaves behind when it throws is removed.
 * @returns the folder, which is either whole or not there: it is filled under another name.
 */
export function installedServer(name: string, install: (folder: string) => void): string {
  const folder = join(CACHE, name);
  if (existsSync(folder)) return folder;
  const draft = `${folder}.${randomUUID()}.draft`;
  mkdirSync(draft, { recursive: true });
  try {
    console.error(`Installing ${name} for the AWS tests (once)…`);
    install(draft);
    // Somebody else may have been as fast.
    if (!existsSync(folder)) renameSync(draft, folder);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return folder;
}

/** @throws ServerMissingError when the program is not there or fails; what it wrote is the message. */
export function run(program: string, args: string[], environment: Record<string, string> = {}): void {
  const env = { ...process.env, ...environment };
  const { error, status, stderr } = spawnSync(program, args, { encoding: 'utf8', env });
  if (error) throw new ServerMissingError(`\`${program}\` cannot be run here`, { cause: error });
  if (status !== 0) throw new ServerMissingError(`\`${program} ${args.join(' ')}\` failed:\n${stderr}`);
}
