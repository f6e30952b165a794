import { spawnSync } from 'node:child_process';
import { statfsSync } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A disk of its own, in memory. */
export interface SmallDisk extends AsyncDisposable {
  readonly root: string;
  /** Writes until nothing more fits. */
  fill(): Promise<void>;
  /** In bytes. */
  free(): number;
  /** One of its files, for everybody, root included. */
  makeReadOnly(path: string): void;
}

/** Whether this process may mount file systems: only root may, and not in every container. */
export const CAN_MOUNT =
  process.platform === 'linux' && process.getuid?.() === 0 && spawnSync('mount', ['--version']).status === 0;

/**
 * @param files that it can hold; more than anybody makes unless given.
 * @throws Error when it cannot be mounted.
 */
export async function smallDisk(megabytes: number, files?: number): Promise<SmallDisk> {
  const root = await mkdtemp(join(tmpdir(), 'small-disk-'));
  const options = `size=${megabytes}m,mode=0700${files === undefined ? '' : `,nr_inodes=${files}`}`;
  mount('mount', '-t', 'tmpfs', '-o', options, 'tmpfs', root);
  return {
    root,
    free: () => {
      const { bavail, bsize } = statfsSync(root);
      return bavail * bsize;
    },
    fill: async () => {
      await using file = await open(join(root, 'fills-the-disk'), 'a');
      for (let size = 1024 * 1024; size >= 1; size = Math.floor(size / 2)) {
        const chunk = Buffer.alloc(size, 'x');
        while (await fits(file.write(chunk))) continue;
      }
    },
    makeReadOnly: (path) => {
      mount('mount', '--bind', path, path);
      mount('mount', '-o', 'remount,bind,ro', path);
    },
    [Symbol.asyncDispose]: async () => {
      // Lazily: a process that was killed a moment ago may still be in it.
      mount('umount', '-l', root);
      await rm(root, { recursive: true });
    },
  };
}

async function fits(write: Promise<{ bytesWritten: number }>): Promise<boolean> {
  try {
    return (await write).bytesWritten > 0;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return false;
    throw error;
  }
}

function mount(program: string, ...options: string[]): void {
  const { status, stderr } = spawnSync(program, options, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${options.join(' ')}: ${stderr}`);
}
