import { join } from 'node:path';
import { installedServer, run } from './installed-server.ts';
import { type RunningServer, startServer } from './server-process.ts';

/** Of the emulators that a package registry has and that run without Docker, the one whose CloudFormation knows every kind of resource of ours. */
const MINISTACK_VERSION = '1.5.33';

const isWindows = process.platform === 'win32';

/**
 * Starts MiniStack, which stands in for CloudFormation and what it makes (any region, any credentials), and keeps everything in memory.
 * @throws ServerMissingError when there is no Python 3 with venv, or MiniStack cannot be installed.
 */
export async function startMiniStack(): Promise<RunningServer> {
  const folder = installedServer(`ministack-${MINISTACK_VERSION}`, (draft) => {
    run(isWindows ? 'python' : 'python3', ['-m', 'venv', draft]);
    run(pythonIn(draft), ['-m', 'pip', 'install', '--quiet', `ministack==${MINISTACK_VERSION}`]);
  });
  // Its own command listens on every interface.
  return startServer(pythonIn(folder), (port) => [
    ...['-m', 'hypercorn', 'ministack.app:app'],
    ...['--bind', `127.0.0.1:${port}`],
  ]);
}

function pythonIn(folder: string): string {
  return isWindows ? join(folder, 'Scripts', 'python.exe') : join(folder, 'bin', 'python');
}
