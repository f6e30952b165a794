// the settings of the shell → namespaces | a separate user | the same user, the first that holds here → or a clear refusal
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { ConfigError } from '@omnicloud/settings';
import type { AgentConfig } from '../../config.ts';
import { closedCli } from './closed-program.ts';
import type { Isolation } from './isolation.ts';
import { NamespaceIsolation } from './namespace-isolation.ts';
import { probe, type Probed } from './probe-isolation.ts';
import { runLimits } from './run-limits.ts';
import { SameUserIsolation } from './same-user-isolation.ts';
import { SeparateUserIsolation } from './separate-user-isolation.ts';

/** What the server is to the machine it runs on. */
export interface ServerPlace {
  /** Sessions are laid out below this directory. */
  readonly workRoot: string;
  /** Files that hold secrets, and directories whose files hold the data of all sessions; they need not exist. */
  readonly hidden: readonly string[];
  /** Whether the platform never has two runs in this process at once. */
  readonly isOneRunAtATime?: boolean;
}

/**
 * To be called once, before anything listens.
 * @returns undefined when the shell is off, or unconfined on purpose.
 * @throws ConfigError when the shell is on and nothing here confines it; it says what to do.
 */
export async function chooseIsolation(
  config: Pick<AgentConfig, 'isShellOn' | 'isShellUnconfined' | 'isNetworkOn' | 'runLimits'>,
  place: ServerPlace,
): Promise<Isolation | undefined> {
  if (!config.isShellOn || config.isShellUnconfined === true) return undefined;
  if (process.platform !== 'linux') throw new ConfigError([`${NEEDS_LINUX} ${INSTEAD}`]);
  const isNetworkOn = config.isNetworkOn === true;
  const hidden = (await Promise.all(place.hidden.map(filesAt))).flat();
  const probed: Probed = { workRoot: place.workRoot, hidden, cli: await closedCli() };
  const limits = runLimits(config.runLimits);
  const namespaces = new NamespaceIsolation(isNetworkOn, limits);
  const found = await probe(namespaces, probed);
  if (found === 'holds') return namespaces;
  if (found === 'leaks') throw new ConfigError([`${SEES_SYSTEM_FOLDERS} ${INSTEAD}`]);
  if (found === 'opens the CLI') throw new ConfigError([`${OPENS_CLI} ${INSTEAD}`]);
  for (const [isPossible, isolation] of [
    [await mayUseOtherUsers(place), new SeparateUserIsolation(limits)],
    [mayShareUser(place), new SameUserIsolation(limits)],
  ] as const) {
    if (!isPossible) continue;
    const lesser = await probe(isolation, probed);
    if (lesser === 'opens the CLI') throw new ConfigError([`${OPENS_CLI} ${INSTEAD}`]);
    if (lesser !== 'holds') continue;
    if (!isNetworkOn) throw new ConfigError([NETWORK_CANNOT_BE_OFF]);
    return isolation;
  }
  throw new ConfigError([`${NO_NAMESPACES} ${INSTEAD}`]);
}

const NEEDS_LINUX = 'AGENT_SHELL=on needs Linux to confine the shell.';
const NO_NAMESPACES =
  'AGENT_SHELL=on cannot be kept here: this machine forbids user namespaces, or lacks unshare, setpriv, mount (util-linux) or ip (iproute2).';
const SEES_SYSTEM_FOLDERS =
  'AGENT_SHELL=on cannot be kept here: settings or data lie below /usr or /opt, where programs are, and others may read them. Move them, or close them to others.';
const OPENS_CLI =
  "AGENT_SHELL=on cannot be kept here: the shell would reach the CLI's own descriptors and memory.";
const INSTEAD =
  'Leave the shell off, allow namespaces, or set AGENT_SHELL=unconfined where nothing on this machine is secret from the agent.';
const NETWORK_CANNOT_BE_OFF =
  'AGENT_NETWORK must be on: without namespaces this platform cannot keep the shell from the network.';

/** Other users are kept out by modes: not out of data beside the homes, and not off files they could give a second name. */
async function mayUseOtherUsers({ workRoot, hidden }: ServerPlace): Promise<boolean> {
  if (process.getuid?.() !== 0 || hidden.some((path) => workRoot.startsWith(path + sep))) return false;
  return (await readFile('/proc/sys/fs/protected_hardlinks', 'utf8')).trim() === '1';
}

function mayShareUser({ isOneRunAtATime }: ServerPlace): boolean {
  return process.getuid?.() !== 0 && isOneRunAtATime === true;
}

async function filesAt(path: string): Promise<string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
  const items = await readdir(path, { withFileTypes: true });
  return items.filter((item) => item.isFile()).map(({ name }) => join(path, name));
}
