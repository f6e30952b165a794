import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { installedServer, run, ServerMissingError } from '../aws/installed-server.ts';

const VERSION = '4.0.2';

/**
 * Installs Lambda's own runtime interface client, whose native part is compiled then: that needs CMake and a C++ compiler, and the
 * headers of Node, which come with the Node that the lockfile brings. So it is no dependency of the project.
 * @returns its main file.
 * @throws ServerMissingError when it cannot be had here.
 */
export function installRuntimeClient(): string {
  const nodeFolder = dirname(dirname(process.execPath));
  const folder = installedServer(`aws-lambda-ric-${VERSION}`, (draft) => {
    const headers = existsSync(join(nodeFolder, 'include', 'node')) ? { npm_config_nodedir: nodeFolder } : {};
    run(
      'npm',
      [
        'install',
        '--prefix',
        draft,
        '--no-audit',
        '--no-fund',
        '--loglevel=error',
        `aws-lambda-ric@${VERSION}`,
      ],
      headers,
    );
    if (!existsSync(join(draft, PACKAGE, 'rapid-client.node'))) {
      throw new ServerMissingError('The native part of aws-lambda-ric was not built');
    }
  });
  return join(folder, PACKAGE, 'index.mjs');
}

const PACKAGE = join('node_modules', 'aws-lambda-ric');
