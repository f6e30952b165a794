// does a command in the sandbox run, and is a file of the host out of its sight? → the isolation, or undefined
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Isolation } from './isolation.ts';
import { NamespaceIsolation } from './namespace-isolation.ts';

const LIMIT_MS = 10_000;
const SEEN_NOTHING = 42;

/**
 * Tries it out instead of guessing from versions: distributions and containers forbid user namespaces in many ways.
 * @returns undefined when this machine lacks what it takes.
 */
export async function probeIsolation(): Promise<Isolation | undefined> {
  if (process.platform !== 'linux') return undefined;
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'omnicloud-probe-')));
  const temporary = await mkdtemp(join(folder, 'inside-'));
  const hidden = join(folder, 'hidden');
  await writeFile(hidden, '');
  try {
    const isolation = new NamespaceIsolation();
    const cell = await isolation.open({ writable: [], readable: [], temporary, loopbackPort: undefined });
    const look = `test -e ${hidden} || test -e /proc/${process.pid}/environ || exit ${SEEN_NOTHING}`;
    const env = { PATH: '/usr/bin:/bin' };
    const { command, args, cwd } = cell.wrap({ command: '/bin/sh', args: ['-c', look], cwd: '/tmp', env });
    const child = spawn(command, args, {
      cwd,
      env,
      stdio: 'ignore',
      timeout: LIMIT_MS,
      killSignal: 'SIGKILL',
    });
    const [code] = (await Promise.race([once(child, 'exit'), once(child, 'error')])) as unknown[];
    await cell.close();
    return code === SEEN_NOTHING ? isolation : undefined;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
