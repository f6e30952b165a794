import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dataFolder, serverIn, startServer, untilGone } from './started-server.fixture.ts';

const START = ['npm', 'start'];

/** @returns the server's process id, which npm's is not. */
async function pidOf(folder: string, npm: number | undefined): Promise<number> {
  const pid = await serverIn(folder);
  if (pid === undefined) throw new Error('No server works in the folder');
  expect(pid).not.toBe(npm);
  return pid;
}

describe.skipIf(process.platform === 'win32')('npm start', () => {
  it.each(['SIGKILL', 'SIGTERM', 'SIGHUP'] as const)(
    'takes the server along when npm gets %s, in good order',
    async (signal) => {
      const folder = await dataFolder();
      const { child } = await startServer(START, { DATA_DIR: folder });
      const server = await pidOf(folder, child.pid);
      child.kill(signal);
      await untilGone(server);
      // A server that ends in good order takes its note along.
      expect(await serverIn(folder)).toBeUndefined();
    },
  );

  it.each([
    ['more than one shell stays', 'sh "$@"; exit $?'],
    ['no shell stays', 'exec sh -c "exec $2"'],
  ])('does so, too, where %s between npm and the script', async (_, script) => {
    const folder = await dataFolder();
    const shell = join(await dataFolder(), 'shell');
    await writeFile(shell, `#!/bin/sh\n${script}\n`);
    await chmod(shell, 0o755);
    const { child } = await startServer(START, { DATA_DIR: folder, npm_config_script_shell: shell });
    const server = await pidOf(folder, child.pid);
    child.kill('SIGKILL');
    await untilGone(server);
    expect(await serverIn(folder)).toBeUndefined();
  });

  it('ends in good order at Ctrl-C, which reaches every process and more than once', async () => {
    const folder = await dataFolder();
    const { child } = await startServer(START, { DATA_DIR: folder }, { detached: true });
    const server = await pidOf(folder, child.pid);
    for (let times = 0; times < 3; times += 1) process.kill(-(child.pid ?? 0), 'SIGINT');
    await untilGone(server);
    expect(await serverIn(folder)).toBeUndefined();
  });

  it('goes on when the shell ends that it was started from, without any input', async () => {
    const folder = await dataFolder();
    const line =
      'nohup npm start </dev/null & echo $!; until [ -s "$DATA_DIR/server.json" ]; do sleep 0.1; done';
    const started = await startServer(['sh', '-c', `${line}; wait`], { DATA_DIR: folder });
    const server = await pidOf(folder, started.child.pid);
    started.child.kill('SIGKILL');
    await once(started.child, 'exit');
    // As long as several looks at the parents take.
    await delay(2_000);
    expect((await fetch(`${started.url}/health`)).status).toBe(200);
    process.kill(server, 'SIGTERM');
    await untilGone(server);
  });
});
