// a run's place → socket that leads to the model proxy → command in namespaces of its own, with a root that holds only the place
import { existsSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { allProcesses, childrenOf, kill, killGroup, type ProcessStat } from './process-group.ts';
import { closedProgram } from './closed-program.ts';
import { giveTo } from './give-to.ts';
import type { Confinement, Command, Isolation, Members, Place } from './isolation.ts';
import { openBridge } from './loopback-bridge.ts';
import { kernelLimits, type RunLimits, runLimits } from './run-limits.ts';
import { filtered, type SyscallFilter } from './syscall-filter.ts';

const ENTER = fileURLToPath(new URL('enter-sandbox.sh', import.meta.url));
const FORWARD = fileURLToPath(new URL('forward-loopback.mjs', import.meta.url));
/** Where our own programs lie inside. */
const OWN = '/sandbox';
const SYSTEM = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/opt', '/nix/store'];
/** What programs read to start, to resolve names and to trust certificates. Nothing here is known to hold secrets. */
const ETC =
  'ld.so.cache ld.so.conf ld.so.conf.d ssl ca-certificates pki crypto-policies alternatives localtime nsswitch.conf protocols services mime.types bash.bashrc inputrc terminfo magic os-release'
    .split(' ')
    .map((name) => `/etc/${name}`);
/** What names are resolved by where there is a network. */
const RESOLVING = ['/etc/hosts', '/etc/host.conf', '/etc/gai.conf', '/etc/resolv.conf'];
/** "nobody": owns nothing outside the homes it is given. */
const UNPRIVILEGED_ID = 65_534;

/** Linux with `unshare`, `setpriv` and `mount` of util-linux, for root or where ordinary users may make user namespaces. */
export class NamespaceIsolation implements Isolation {
  readonly means = 'The shell is confined by namespaces of its own.';
  readonly #isRoot = process.getuid?.() === 0;
  readonly #uid = this.#isRoot ? UNPRIVILEGED_ID : (process.getuid?.() ?? UNPRIVILEGED_ID);
  readonly #gid = this.#isRoot ? UNPRIVILEGED_ID : (process.getgid?.() ?? UNPRIVILEGED_ID);
  readonly #limits: RunLimits;
  readonly #filter: SyscallFilter;
  readonly isNetworkOn: boolean;

  /** @param isNetworkOn true: the network is this machine's; false: there is none but the place's one port. */
  constructor(isNetworkOn = false, limits: RunLimits = runLimits(), filter: SyscallFilter = []) {
    this.isNetworkOn = isNetworkOn;
    this.#limits = limits;
    this.#filter = filter;
  }

  async open(place: Place): Promise<Confinement> {
    if (this.#isRoot) {
      for (const path of [...place.writable, place.temporary]) await giveTo(path, this.#uid, this.#gid);
    }
    const { loopbackPort } = place;
    // The forwarder runs as the run's user, between the CLI and the model. Before the bridge, which nobody would close if this failed.
    const node = await closedProgram(process.execPath);
    const bridge =
      loopbackPort === undefined || this.isNetworkOn ? undefined : await openBridge(loopbackPort);
    return {
      wrap: (command) => this.#wrap(command, place, { node, socket: bridge?.socket }),
      kill: async (pid) => {
        // The namespace's first process takes all others with it, and `unshare` ends only when they are gone.
        const [first] = await childrenOf(pid);
        if (first === undefined) killGroup(pid);
        else kill(first);
      },
      membersOf: async (pid) => familyOf(pid, await allProcesses()),
      close: async () => bridge?.close(),
    };
  }

  #wrap(
    inner: Command,
    place: Place,
    { node: ownNode, socket }: { readonly node: string; readonly socket: string | undefined },
  ): Command {
    const program = dirname(realpathSync(inner.command));
    const { command, args } = filtered(inner, this.#filter);
    const node = join(OWN, 'node');
    const places = [
      ...SYSTEM.filter(existsSync).flatMap(systemPlace),
      ...ETC.filter(existsSync).flatMap(systemPlace),
      ...this.#accounts(inner.env.HOME ?? '/'),
      ...(this.isNetworkOn
        ? RESOLVING.filter(existsSync).flatMap((path) => ['--as-ro', realpathSync(path), path])
        : ['--text', '/etc/hosts', '127.0.0.1 localhost\n']),
      // First, because the other places may lie below it.
      ...['--as-rw', place.temporary, '/tmp'],
      ...[...new Set([...place.readable, program])].filter(isNotInSystem).flatMap((path) => ['--ro', path]),
      ...[...place.writable, place.temporary].flatMap((path) => ['--rw', path]),
      ...['--as-ro', ownNode, node],
    ];
    const forward =
      socket === undefined
        ? []
        : [
            ...['--as-ro', FORWARD, join(OWN, basename(FORWARD)), '--as-rw', socket, join(OWN, 'server')],
            ...[
              '--forward',
              node,
              join(OWN, basename(FORWARD)),
              String(place.loopbackPort),
              join(OWN, 'server'),
            ],
          ];
    const network = this.isNetworkOn ? [] : ['--net'];
    const namespaces = ['--mount', '--pid', ...network, '--ipc', '--uts', '--fork', '--kill-child'];
    return {
      command: 'setpriv',
      args: [
        // When the server dies, the run dies; the command's own arguments end the list, so the session's id stands in it.
        ...['--pdeathsig', 'KILL', 'unshare', ...(this.#isRoot ? [] : ['--user', '--map-root-user'])],
        ...[...namespaces, '--', '/bin/sh', ENTER, ...places],
        ...[...(this.isNetworkOn ? [] : ['--loopback']), ...forward],
        ...['--user', this.#isRoot ? 'root' : 'mapped', String(this.#uid), String(this.#gid)],
        ...['--limits', String(this.#limits.processes), kernelLimits(this.#limits, undefined).join(' ')],
        ...['--cwd', inner.cwd, '--', command, ...args],
      ],
      cwd: '/',
      env: { ...inner.env, PATH: `${inner.env.PATH ?? '/usr/local/bin:/usr/bin:/bin'}:${OWN}` },
    };
  }

  #accounts(home: string): string[] {
    return [
      ...['--text', '/etc/passwd', `agent:x:${this.#uid}:${this.#gid}::${home}:/bin/sh\n`],
      ...['--text', '/etc/group', `agent:x:${this.#gid}:\n`],
    ];
  }
}

/**
 * What loses its parent becomes a child of the namespace's first process, so all of them descend from `unshare`. Ours are that, the first,
 * the CLI, and the CLI's first child where there is a way to the model: the forwarder.
 */
function familyOf(pid: number, processes: readonly ProcessStat[]): Members {
  const children = Map.groupBy(processes, ({ parent }) => parent);
  const all = processes.filter((stat) => stat.pid === pid);
  for (const { pid: parent } of all) all.push(...(children.get(parent) ?? []));
  const [first] = children.get(pid) ?? [];
  const [cli] = earliestFirst(children.get(first?.pid ?? 0));
  const [forwarder] = earliestFirst(children.get(cli?.pid ?? 0));
  return { all, own: new Set([pid, first?.pid, cli?.pid, forwarder?.pid].filter((it) => it !== undefined)) };
}

function earliestFirst(stats: readonly ProcessStat[] = []): ProcessStat[] {
  return stats.toSorted((one, other) => Number(one.started) - Number(other.started));
}

function systemPlace(path: string): string[] {
  const target = linkTarget(path);
  return target === undefined ? ['--ro', path] : ['--link', target, path];
}

function linkTarget(path: string): string | undefined {
  return realpathSync(path) === path ? undefined : readlinkSync(path);
}

function isNotInSystem(path: string): boolean {
  return !SYSTEM.some((folder) => path === folder || path.startsWith(`${folder}/`));
}
