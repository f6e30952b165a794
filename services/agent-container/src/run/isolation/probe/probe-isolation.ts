// a run in the isolation → can it get at what it must not: environment and memory of the server and those above it, the hidden files, the CLI?
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { statOf } from '../process-group.ts';
import type { Isolation } from '../isolation.ts';
import { PROBE_SCRIPT, SAW } from './probe-script.ts';

const LIMIT_MS = 20_000;

/** What is known of an isolation here: it keeps what it must, with a filter of system calls or without, or lets something be seen, or cannot be had. */
export type Probe = 'holds and filters' | 'holds' | 'leaks' | 'opens the CLI' | 'unavailable';

/** What a run must keep from its shell, and its CLI. */
export interface Probed {
  /** Where homes are laid out; it is made when it is missing. */
  readonly workRoot: string;
  /** Files that exist and must not be opened from inside. */
  readonly hidden: readonly string[];
  /** The program of the CLI, as a run executes it. */
  readonly cli: string;
}

/**
 * Tries it out instead of guessing from versions: distributions and containers forbid what an isolation needs in many ways.
 * The CLI is started as well: neither its descriptors nor its memory may be open to what runs beside it as the same user.
 */
export async function probe(isolation: Isolation, { workRoot, hidden, cli }: Probed): Promise<Probe> {
  await mkdir(workRoot, { recursive: true, mode: 0o700 });
  const root = await realpath(await mkdtemp(join(workRoot, '.probe-')));
  const [workspace, temporary] = [join(root, 'workspace'), join(root, 'tmp')];
  for (const folder of [workspace, temporary]) await mkdir(folder, { mode: 0o700 });
  try {
    const place = {
      root,
      writable: [workspace],
      readable: [dirname(cli)],
      temporary,
      loopbackPort: undefined,
    };
    const confinement = await isolation.open(place).catch(undefinedWhenRefused);
    if (!confinement) return 'unavailable';
    try {
      const args = ['-c', PROBE_SCRIPT, 'sh', await serverProcesses(), cli, ...hidden];
      const env = { PATH: '/usr/bin:/bin' };
      const inside = confinement.wrap({ command: '/bin/sh', args, cwd: workspace, env });
      const child = spawn(inside.command, inside.args, {
        cwd: inside.cwd,
        env: inside.env,
        stdio: 'ignore',
        timeout: LIMIT_MS,
        killSignal: 'SIGKILL',
      });
      child.on('error', () => undefined);
      // Rejects when the program cannot be started.
      const [code] = (await once(child, 'exit').catch(() => [])) as unknown[];
      if (code === SAW.filter) return 'holds and filters';
      if (code === SAW.nothing) return 'holds';
      if (code === SAW.cli) return 'opens the CLI';
      return code === SAW.server || code === SAW.hidden ? 'leaks' : 'unavailable';
    } finally {
      await confinement.close();
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
