import { join } from 'node:path';
import { installedServer, run } from './installed-server.ts';
import { type RunningServer, startServer } from './server-process.ts';

/** The first releases that honour If-Match and If-None-Match of PutObject are 5.2's. */
const MOTO_VERSION = '5.2.5';

const isWindows = process.platform === 'win32';

/**
 * Starts moto, which stands in for S3, SQS and Secrets Manager (any region, any credentials) and keeps everything in memory.
 * @throws ServerMissingError when there is no Python 3 with venv, or moto cannot be installed.
 */
export async function startMoto(): Promise<RunningServer> {
  const folder = installedServer(`moto-${MOTO_VERSION}`, (draft) => {
    run(isWindows ? 'python' : 'python3', ['-m', 'venv', draft]);
    run(pythonIn(draft), ['-m', 'pip', 'install', '--quiet', `moto[server]==${MOTO_VERSION}`]);
  });
  return startServer(pythonIn(folder), (port) => [
    '-m',
    'moto.server',
    '-H',
    '127.0.0.1',
    '-p',
    String(port),
  ]);
}

function pythonIn(folder: string): string {
  return isWindows ? join(folder, 'Scripts', 'python.exe') : join(folder, 'bin', 'python');
}
