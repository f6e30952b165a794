// a run in the isolation → can it open what it must not see: environment and memory of the server and those above it, the hidden files?
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { statOf } from '../process-group.ts';
import type { Isolation } from './isolation.ts';

const LIMIT_MS = 10_000;
const SAW_NOTHING = 42;
const SAW_SERVER = 43;
const SAW_HIDDEN = 44;

/** What is known of an isolation here: it keeps what it must, or lets something be seen, or cannot be had. */
type Probe = 'holds' | 'leaks' | 'unavailable';

/** In another process namespace an id may be somebody else's; only the time of the start tells. */
const LOOK = `
for server in $1; do
  pid=\${server%:*} now=
  if read -r stat 2>/dev/null </proc/$pid/stat; then
    now=$(set -- \${stat##*) }; echo "\${20}")
  fi
  [ "$now" != "\${server#*:}" ] || for secret in environ mem maps fd; do
    ( : </proc/$pid/$secret ) 2>/dev/null && exit ${SAW_SERVER}
  done
done
shift
for place; do
  ( : <"$place" ) 2>/dev/null && exit ${SAW_HIDDEN}
done
echo mine >file || exit 1
exit ${SAW_NOTHING}`;

/**
 * Tries it out instead of guessing from versions: distributions and containers forbid what an isolation needs in many ways.
 * @param workRoot where homes are laid out; it is made when it is missing.
 * @param hidden files that exist and must not be opened from inside.
 */
export async function probe(
  isolation: Isolation,
  workRoot: string,
  hidden: readonly string[],
): Promise<Probe> {
  await mkdir(workRoot, { recursive: true, mode: 0o700 });
  const root = await realpath(await mkdtemp(join(workRoot, '.probe-')));
  const [workspace, temporary] = [join(root, 'workspace'), join(root, 'tmp')];
  for (const folder of [workspace, temporary]) await mkdir(folder, { mode: 0o700 });
  try {
    const place = { root, writable: [workspace], readable: [], temporary, loopbackPort: undefined };
    const cell = await isolation.open(place).catch(undefinedWhenRefused);
    if (!cell) return 'unavailable';
    try {
      const args = ['-c', LOOK, 'sh', await serverProcesses(), ...hidden];
      const env = { PATH: '/usr/bin:/bin' };
      const inside = cell.wrap({ command: '/bin/sh', args, cwd: workspace, env });
      const child = spawn(inside.command, inside.args, {
        cwd: inside.cwd,
        env: inside.env,
        stdio: 'ignore',
        timeout: LIMIT_MS,
        killSignal: 'SIGKILL',
      });
      const [code] = (await Promise.race([once(child, 'exit'), once(child, 'error')])) as unknown[];
      if (code === SAW_NOTHING) return 'holds';
      return code === SAW_SERVER || code === SAW_HIDDEN ? 'leaks' : 'unavailable';
    } finally {
      await cell.close();
    }
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** Ours, whoever started us, and the machine's first: each may hold what we were started with. */
async function serverProcesses(): Promise<string> {
  const stats = await Promise.all([...new Set([process.pid, process.ppid, 1])].map(statOf));
  return stats.map((stat) => (stat ? `${stat.pid}:${stat.started}` : '')).join(' ');
}

/** Not everybody who is called root may give files away. */
function undefinedWhenRefused(error: unknown): undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== 'EPERM' && code !== 'EINVAL' && code !== 'EACCES') throw error;
}
