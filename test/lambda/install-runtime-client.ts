import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installedServer, run, ServerMissingError } from '../aws/installed-server.ts';

/** What pins it, for the image too. */
const PINNED = fileURLToPath(new URL('../../services/agent-container/runtime-client', import.meta.url));
const PACKAGE = join('node_modules', 'aws-lambda-ric');

/**
 * Installs Lambda's own runtime interface client as the image has it. Its native part is compiled then: that needs CMake and a C++ compiler,
 * and the headers of Node, which come with the Node that the lockfile brings. So it is no dependency of the project.
 * @returns its main file.
 * @throws ServerMissingError when it cannot be had here.
 */
export function installRuntimeClient(): string {
  const nodeFolder = dirname(dirname(process.execPath));
  const lock = readFileSync(join(PINNED, 'package-lock.json'));
  const digest = createHash('sha256').update(lock).digest('hex').slice(0, 12);
  const folder = installedServer(`aws-lambda-ric-${digest}`, (draft) => {
    for (const file of ['package.json', 'package-lock.json'])
      copyFileSync(join(PINNED, file), join(draft, file));
    const headers = existsSync(join(nodeFolder, 'include', 'node')) ? { npm_config_nodedir: nodeFolder } : {};
    run('npm', ['ci', '--prefix', draft, '--no-audit', '--no-fund', '--loglevel=error'], headers);
    if (!existsSync(join(draft, PACKAGE, 'rapid-client.node'))) {
      throw new ServerMissingError('The native part of aws-lambda-ric was not built');
    }
  });
  return join(folder, PACKAGE, 'index.mjs');
}
