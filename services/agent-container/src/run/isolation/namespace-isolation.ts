// a run's place → socket that leads to the model proxy → command in namespaces of its own, with a root that holds only the place
import { existsSync, readlinkSync, realpathSync } from 'node:fs';
import { chmod, lchown, mkdtemp, readdir, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Cell, Command, Isolation, Place } from './isolation.ts';

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
/** "nobody": owns nothing outside the homes it is given. */
const UNPRIVILEGED_ID = 65_534;

/** Linux with `unshare`, `setpriv` and `mount` of util-linux, for root or where ordinary users may make user namespaces. */
export class NamespaceIsolation implements Isolation {
  readonly #isRoot = process.getuid?.() === 0;
  readonly #uid = this.#isRoot ? UNPRIVILEGED_ID : (process.getuid?.() ?? UNPRIVILEGED_ID);
  readonly #gid = this.#isRoot ? UNPRIVILEGED_ID : (process.getgid?.() ?? UNPRIVILEGED_ID);

  async open(place: Place): Promise<Cell> {
    if (this.#isRoot) {
      for (const path of [...place.writable, place.temporary]) await giveTo(path, this.#uid, this.#gid);
    }
    const bridge = place.loopbackPort === undefined ? undefined : await openBridge(place.loopbackPort);
    return {
      wrap: (command) => this.#wrap(command, place, bridge?.socket),
      close: async () => bridge?.close(),
    };
  }

  #wrap(inner: Command, place: Place, socket: string | undefined): Command {
    const program = dirname(realpathSync(inner.command));
    const node = join(OWN, 'node');
    const places = [
      ...SYSTEM.filter(existsSync).flatMap(systemPlace),
      ...ETC.filter(existsSync).flatMap(systemPlace),
      ...this.#accounts(inner.env.HOME ?? '/'),
      ...[...new Set([...place.readable, program])].filter(isNotInSystem).flatMap((path) => ['--ro', path]),
      ...['--as-rw', place.temporary, '/tmp'],
      ...[...place.writable, place.temporary].flatMap((path) => ['--rw', path]),
      ...['--as-ro', process.execPath, node],
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
    const namespaces = ['--mount', '--pid', '--net', '--ipc', '--uts', '--fork', '--kill-child'];
    return {
      command: 'setpriv',
      args: [
        // When the server dies, the run dies; the command's own arguments end the list, so the session's id stands in it.
        ...['--pdeathsig', 'KILL', 'unshare', ...(this.#isRoot ? [] : ['--user', '--map-root-user'])],
        ...[...namespaces, '--', '/bin/sh', ENTER, ...places, '--loopback', ...forward],
        ...['--user', this.#isRoot ? 'root' : 'mapped', String(this.#uid), String(this.#gid)],
        ...['--cwd', inner.cwd, '--', inner.command, ...inner.args],
      ],
      cwd: '/',
      env: { ...inner.env, PATH: `${inner.env.PATH ?? '/usr/local/bin:/usr/bin:/bin'}:${OWN}` },
    };
  }

  #accounts(home: string): string[] {
    return [
      ...['--text', '/etc/passwd', `agent:x:${this.#uid}:${this.#gid}::${home}:/bin/sh\n`],
      ...['--text', '/etc/group', `agent:x:${this.#gid}:\n`],
      ...['--text', '/etc/hosts', '127.0.0.1 localhost\n'],
    ];
  }
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

/** The sandbox's user must own what it writes; links are changed themselves, never followed. */
async function giveTo(path: string, uid: number, gid: number): Promise<void> {
  await lchown(path, uid, gid);
  const entries = await readdir(path, { withFileTypes: true, recursive: true });
  for (const entry of entries) await lchown(join(entry.parentPath, entry.name), uid, gid);
}

/** A socket on disk that leads to a port on loopback: the only way out of a sandbox without a network. */
async function openBridge(port: number): Promise<{ socket: string; close(): Promise<void> }> {
  // A socket's path may have 107 bytes, which a data directory can exceed.
  const folder = await mkdtemp(join(tmpdir(), 'omnicloud-'));
  const socket = join(folder, 's');
  const server: Server = createServer((incoming) => {
    const outgoing = connect(port, '127.0.0.1');
    incoming.on('error', () => outgoing.destroy()).on('close', () => outgoing.destroy());
    outgoing.on('error', () => incoming.destroy()).on('close', () => incoming.destroy());
    incoming.pipe(outgoing).pipe(incoming);
  });
  await once(server.listen(socket), 'listening');
  await chmod(socket, 0o666);
  return {
    socket,
    close: async () => {
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
