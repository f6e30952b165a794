// Installs what package-lock.json names, when it is not there yet. Runs on any Node from 20 on, before anything is installed.
import { spawnSync } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

export const root = new URL('..', import.meta.url).pathname.replace(/^\/([A-Z]:)/, '$1');

/** Where Node keeps what it compiled, so that a start takes a second less. It belongs to the installed packages, and goes with them. */
export const compiled = join(root, 'node_modules', '.cache', 'omnicloud', 'compiled');

/** Compares what npm says it installed with the lockfile; packages for other platforms are missing on purpose. */
function isInstalled() {
  const read = (path) => JSON.parse(readFileSync(join(root, path), 'utf8')).packages;
  let installed;
  try {
    installed = read('node_modules/.package-lock.json');
  } catch (error) {
    if (error.code === 'ENOENT') return false;
    throw error;
  }
  return Object.entries(read('package-lock.json')).every(
    ([path, { version, link, optional }]) =>
      path === '' ||
      !path.startsWith('node_modules/') ||
      link ||
      optional ||
      installed[path]?.version === version,
  );
}

export function setUp() {
  if (isInstalled()) return;
  console.error('Installing the packages of package-lock.json (once)…');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const { status, error } = spawnSync(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (error) throw error;
  if (status !== 0) {
    console.error('`npm ci` failed; what it said stands above.');
    process.exit(status ?? 1);
  }
}

const isWindows = process.platform === 'win32';

/** The folder of the Node that runs everything here, which the lockfile brings for the common platforms; undefined: this very one. */
export function nodeFolder() {
  const folder = join(root, 'node_modules', '.bin');
  const { stdout } = spawnSync(join(folder, isWindows ? 'node.cmd' : 'node'), ['--version'], {
    encoding: 'utf8',
    shell: isWindows,
  });
  if (Number(/^v(\d+)/.exec(stdout ?? '')?.[1] ?? 0) >= 24) return folder;
  if (Number(process.versions.node.split('.')[0]) >= 24) return undefined;
  console.error(
    `Node 24 is needed, and none is packaged for ${process.platform}-${process.arch}: please install it and try again.`,
  );
  process.exit(1);
}

/** The Node that serves; not for Windows, where commands are scripts. */
export function nodeProgram() {
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  return realpathSync(join(nodeFolder(), 'node'));
}
