// util-linux's `enosys`, where it is installed → the CLI is started by it → the kernel refuses some system calls to the CLI and all that it starts
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from './isolation.ts';

/**
 * By these a process reaches into another one, takes its descriptors, or asks for parts of the kernel that have had many holes. Programs that
 * people commonly have an agent run do without them: they are told that the kernel does not know the call (ENOSYS).
 */
const FORBIDDEN = [
  ...['ptrace', 'pidfd_getfd', 'process_vm_readv', 'process_vm_writev', 'process_madvise', 'kcmp'],
  ...['userfaultfd', 'io_uring_setup', 'io_uring_enter', 'io_uring_register', 'bpf', 'perf_event_open'],
  ...['add_key', 'request_key', 'keyctl', 'setns', 'unshare', 'mount', 'umount2', 'pivot_root', 'open_tree'],
  ...['move_mount', 'fsopen', 'fsconfig', 'fsmount', 'fspick', 'mount_setattr', 'open_by_handle_at'],
  ...['fanotify_init', 'kexec_load', 'init_module', 'finit_module', 'delete_module', 'quotactl'],
];

/** What a command is put behind; empty: nothing. */
export type SyscallFilter = readonly string[];

/** Root's, and part of every sandbox. */
const FOLDERS = ['/usr/local/bin', '/usr/bin', '/bin'];

/**
 * `enosys` installs a seccomp filter and becomes the command (enosys(1), util-linux 2.39 or later; on Debian it is in util-linux-extra). Whether the
 * filter holds here is for `probe` to find out.
 * @param folders where to look for it
 * @returns nothing when it is not installed.
 */
export async function syscallFilter(folders: readonly string[] = FOLDERS): Promise<SyscallFilter> {
  for (const folder of folders) {
    const program = join(folder, 'enosys');
    const isThere = await access(program, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return [program, ...FORBIDDEN.flatMap((call) => ['--syscall', call]), '--'];
  }
  return [];
}

/** @returns the command that runs the given one behind the filter. */
export function filtered(inner: Command, filter: SyscallFilter): Command {
  const [command, ...args] = filter;
  return command === undefined ? inner : { ...inner, command, args: [...args, inner.command, ...inner.args] };
}
