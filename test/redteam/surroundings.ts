import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { Ground } from './attack.ts';

/** The attacks leave endless outputs of one letter and sparse files of terabytes; nothing else is as large. */
const MAX_BYTES = 16 * 1024 * 1024;
const IMAGE = fileURLToPath(new URL('../../services/agent-container/agent', import.meta.url));

/** @returns every file that no agent in the attacker's chat has any business with, with its content's digest, mode and owner. */
export async function surroundings(ground: Ground): Promise<Record<string, string>> {
  const { serverFolder, homeFolder, publicFolder, dataDir, neighbourId: id, ownId, sharedMemory } = ground;
  const folders = [
    serverFolder,
    homeFolder,
    publicFolder,
    IMAGE,
    `${dataDir}/work/${id}`,
    `${dataDir}/objects/sessions/${id}`,
  ];
  const found: Record<string, string> = {};
  for (const path of (await Promise.all([...folders, sharedMemory].map(below))).flat())
    found[path] = await stateOf(path);
  for (const folder of [
    '/var/tmp',
    tmpdir(),
    dataDir,
    '/',
    ...(ownId === '' ? [] : [`${dataDir}/work/${ownId}`]),
  ])
    for (const name of await readdir(folder))
      if (/marker|evil/.test(name)) found[join(folder, name)] = 'unexpected';
  return found;
}

/** The same once it is still: a run that has been saved is still being tidied up. */
export async function surroundingsAtRest(ground: Ground): Promise<Record<string, string>> {
  for (let before = '', tries = 0; tries < 100; tries += 1) {
    const found = await surroundings(ground).catch(undefinedWhenGone);
    const now = JSON.stringify(found ?? tries);
    if (found && now === before) return found;
    before = now;
    await delay(200);
  }
  throw new Error('The surroundings do not come to rest');
}

function undefinedWhenGone(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}

/** @returns all that the attacker's session consists of on disk, archives unpacked. */
export async function leftBehind({ dataDir, ownId }: Ground): Promise<Buffer> {
  const paths = (
    await Promise.all([`${dataDir}/objects/sessions/${ownId}`, `${dataDir}/work/${ownId}`].map(below))
  ).flat();
  const contents: Buffer[] = [];
  for (const path of paths) {
    const stats = await lstat(path);
    if (!stats.isFile() || stats.size > MAX_BYTES) continue;
    const content = await readFile(path);
    const unpacked = path.endsWith('.gz') ? gunzipSync(content) : content;
    if (unpacked.byteLength <= MAX_BYTES) contents.push(unpacked);
  }
  return Buffer.concat(contents);
}

async function below(path: string): Promise<string[]> {
  if (!existsSync(path)) return [];
  if (!(await lstat(path)).isDirectory()) return [path];
  const names = await readdir(path);
  return [path, ...(await Promise.all(names.map((name) => below(join(path, name))))).flat()];
}

async function stateOf(path: string): Promise<string> {
  const stats = await lstat(path);
  const owner = `${stats.mode.toString(8)} ${stats.uid}`;
  if (stats.isSymbolicLink()) return `${owner} → ${await readlink(path)}`;
  return stats.isFile()
    ? `${owner} ${createHash('sha256')
        .update(await readFile(path))
        .digest('hex')}`
    : owner;
}
