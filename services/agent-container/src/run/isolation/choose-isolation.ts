// the settings of the shell → namespaces | a separate user | the same user, the first that holds here → or a clear refusal
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { ConfigError } from '@omnicloud/settings';
import type { RunConfig } from '../../run-config.ts';
import { closedCli } from './closed-program.ts';
import { GroupedIsolation } from './groups/grouped-isolation.ts';
import type { Isolation } from './isolation.ts';
import { NamespaceIsolation } from './namespace-isolation.ts';
import { probe, type Probe, type Probed } from './probe/probe-isolation.ts';
import { type Controller, CONTROLLERS } from './groups/own-hierarchies.ts';
import { type FoundGroups, RunGroups } from './groups/run-groups.ts';
import { runLimits } from './run-limits.ts';
import { SameUserIsolation } from './same-user-isolation.ts';
import { SeparateUserIsolation } from './separate-user-isolation.ts';
import { type SyscallFilter, syscallFilter } from './syscall-filter.ts';

/** What the server is to the machine it runs on. */
export interface ServerPlace {
  /** Sessions are laid out below this directory. */
  readonly workRoot: string;
  /** Files that hold secrets, and directories whose files hold the data of all sessions; they need not exist. */
  readonly hidden: readonly string[];
  /** Whether the platform never has two runs in this process at once. */
  readonly isOneRunAtATime?: boolean;
  /** Where `enosys` is looked for; the system's folders unless given. */
  readonly enosysFolders?: readonly string[];
  /** Told once which walls hold here. */
  readonly tell?: (notice: string) => void;
}

/**
 * To be called once, before anything listens.
 * @returns undefined when the shell is off, or unconfined on purpose.
 * @throws ConfigError when the shell is on and nothing here confines it; it says what to do.
 */
export async function chooseIsolation(
  config: Pick<RunConfig, 'isShellOn' | 'isShellUnconfined' | 'isNetworkOn' | 'runLimits'>,
  place: ServerPlace,
): Promise<Isolation | undefined> {
  if (!config.isShellOn || config.isShellUnconfined === true) return undefined;
  if (process.platform !== 'linux') throw new ConfigError([`${NEEDS_LINUX} ${INSTEAD}`]);
  const isNetworkOn = config.isNetworkOn === true;
  const hidden = (await Promise.all(place.hidden.map(filesAt))).flat();
  const probed: Probed = { workRoot: place.workRoot, hidden, cli: await closedCli() };
  const limits = runLimits(config.runLimits);
  const filter = await syscallFilter(place.enosysFolders);
  const tried = async (make: (filter: SyscallFilter) => Isolation): Promise<Tried> => {
    const filtered = filter.length === 0 ? undefined : await tryOut(make(filter), probed);
    // A filter that cannot be installed here must not take the shell away.
    return filtered === undefined || filtered.found === 'unavailable' ? tryOut(make([]), probed) : filtered;
  };
  const chosen = async ({ isolation: without, found }: Tried): Promise<Isolation> => {
    const groups = without instanceof SameUserIsolation ? { why: COULD_LEAVE } : await RunGroups.find(limits);
    const isolation = 'groups' in groups ? new GroupedIsolation(without, groups.groups) : without;
    place.tell?.(`${isolation.means} ${found === 'holds and filters' ? FILTERED : unfiltered(filter)}`);
    const counted = counting(groups);
    if (counted !== undefined) place.tell?.(counted);
    return isolation;
  };
  const namespaces = await tried((behind) => new NamespaceIsolation(isNetworkOn, limits, behind));
  const { found } = namespaces;
  if (isHeld(found)) return chosen(namespaces);
  if (found === 'leaks') throw new ConfigError([`${SEES_SYSTEM_FOLDERS} ${INSTEAD}`]);
  if (found === 'opens the CLI') throw new ConfigError([`${OPENS_CLI} ${INSTEAD}`]);
  for (const [isPossible, make] of [
    [await mayUseOtherUsers(place), (behind: SyscallFilter) => new SeparateUserIsolation(limits, behind)],
    [mayShareUser(place), (behind: SyscallFilter) => new SameUserIsolation(limits, behind)],
  ] as const) {
    if (!isPossible) continue;
    const lesser = await tried(make);
    if (lesser.found === 'opens the CLI') throw new ConfigError([`${OPENS_CLI} ${INSTEAD}`]);
    if (!isHeld(lesser.found)) continue;
    if (!isNetworkOn) throw new ConfigError([NETWORK_CANNOT_BE_OFF]);
    return chosen(lesser);
  }
  throw new ConfigError([`${NO_NAMESPACES} ${INSTEAD}`]);
}

interface Tried {
  readonly isolation: Isolation;
  readonly found: Probe;
}

async function tryOut(isolation: Isolation, probed: Probed): Promise<Tried> {
  return { isolation, found: await probe(isolation, probed) };
}

function isHeld(found: Probe): boolean {
  return found === 'holds' || found === 'holds and filters';
}

const COULD_LEAVE = "a run with the server's user could leave it";

/** @returns what of a run is not kept by a control group, and why. */
function counting(found: FoundGroups): string | undefined {
  const missing = CONTROLLERS.filter((it) => !('groups' in found && found.groups.keeps.includes(it)));
  if (missing.length === 0) return undefined;
  const instead = missing.map((it) => INSTEAD_OF_GROUP[it]).join('; ');
  return `A run's control group does not limit everything here (${found.why ?? 'not offered'}). Instead: ${instead}.`;
}

const INSTEAD_OF_GROUP: Record<Controller, string> = {
  memory: 'memory is counted four times a second',
  pids: 'processes are limited for its user alone (RLIMIT_NPROC) and counted',
  cpu: 'its commands have the lowest priority (nice)',
};

const FILTERED = "The kernel's most dangerous calls are closed to it as well (enosys).";

function unfiltered(filter: SyscallFilter): string {
  return filter.length === 0
    ? 'There is no second wall: enosys (util-linux 2.39 or later) is not installed, so no system call is closed to it.'
    : 'There is no second wall: enosys is installed, but here it closes no system call.';
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
