// secrets → files, shared memory, another process, a service and a socket on this machine, each with its own
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Ground } from './attack.ts';
import type { Secrets } from './secrets.ts';

/** What is there before the system is started. */
export type PlantedGround = Omit<Ground, 'ownId' | 'neighbourId' | 'serverPid' | 'serverUrl'> & {
  /** For the server to hold open. */
  readonly openFile: string;
  /** Requests that reached the loopback service. */
  readonly visits: readonly string[];
};

/** @param undo is given what takes each thing away again; called in the opposite order. */
export async function plant(
  secrets: Secrets,
  undo: (step: () => Promise<unknown>) => void,
): Promise<PlantedGround> {
  const folder = async (parent: string): Promise<string> => {
    const path = await mkdtemp(join(parent, 'omnicloud-redteam-'));
    undo(() => rm(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));
    return path;
  };
  const own = await folder(tmpdir());
  // Another file system's directory than the temporary one, which the sandbox replaces.
  const publicFolder = await folder('/var/tmp');
  const [serverFolder, dataDir, homeFolder] = [join(own, 'server'), join(own, 'data'), join(own, 'home')];
  const markers = join(publicFolder, 'markers');
  for (const path of [serverFolder, dataDir, join(homeFolder, '.aws'), markers])
    await mkdir(path, { recursive: true });
  await chmod(publicFolder, 0o755);
  await chmod(markers, 0o777);
  await writeFile(join(serverFolder, '.env'), `REDTEAM_IN_A_FILE=${secrets['.env file']}\n`);
  await writeFile(
    join(homeFolder, '.aws', 'credentials'),
    `[default]\nkey=${secrets['file in the home directory']}\n`,
  );
  // As JSON, because that passes more readers.
  await writeFile(
    join(publicFolder, 'secret.json'),
    `{"id":"9","subject":"${secrets['file for everybody']}"}\n`,
  );
  const openFile = join(own, 'open');
  await writeFile(openFile, secrets['open file'], { mode: 0o600 });
  const sharedMemory = existsSync('/dev/shm') ? join(await folder('/dev/shm'), 'secret') : openFile;
  if (sharedMemory !== openFile) await writeFile(sharedMemory, secrets['shared memory']);
  const other = startOther(secrets);
  undo(() => end(other));
  const visits: string[] = [];
  const service = createHttpServer((request, response) => {
    visits.push(`${request.method ?? ''} ${request.url ?? ''}`);
    response.end(secrets['loopback service']);
  });
  const abstractSocket = `\0omnicloud-redteam-${process.pid}-${Date.now()}`;
  const socketServer = createServer((socket) => {
    socket.on('error', () => undefined).end(secrets['abstract socket']);
  });
  await once(service.listen(0, '127.0.0.1'), 'listening');
  // Only Linux has sockets without a file.
  if (process.platform === 'linux') await once(socketServer.listen(abstractSocket), 'listening');
  undo(async () => {
    service.closeAllConnections();
    service.close();
    socketServer.close();
    return Promise.resolve();
  });
  const { port: loopbackPort } = service.address() as AddressInfo;
  return {
    ...{ serverFolder, dataDir, homeFolder, publicFolder, markers, sharedMemory, openFile, visits },
    ...{ loopbackPort, abstractSocket, otherPid: other.pid ?? 0 },
  };
}

export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** A process of the same user that has nothing to do with the server. */
function startOther(secrets: Secrets): ChildProcess {
  const wait = 'setInterval(() => undefined, 1000)';
  return spawn(process.execPath, ['-e', wait, secrets["process's arguments"]], {
    env: { SECRET: secrets["process's environment"] },
    stdio: 'ignore',
  });
}
