// homes of other sessions removed → the run as the server's own user, who cannot look into the server → what it left behind is killed
import { readdir, readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { allProcesses, kill, killGroup, type ProcessStat } from '../process-group.ts';
import { enteringCommand } from './entering-command.ts';
import type { Cell, Isolation, Place } from './isolation.ts';

/**
 * For an image of our own on a platform that forbids both namespaces and other users, such as Lambda. The server's program is one that it
 * may execute and not read, and so the kernel shows neither its environment nor its memory to anybody of the same user (ptrace(2),
 * "PTRACE_MODE"; proc(5), "dumpable"). Only for a server that has one run at a time, has no secret in a file, and keeps
 * sessions elsewhere: runs are kept apart by their times alone. The network is the machine's.
 */
export class SameUserIsolation implements Isolation {
  readonly isNetworkOn = true;
  #isBusy = false;

  async open(place: Place): Promise<Cell> {
    if (this.#isBusy) throw new Error('Two runs at once would see one another');
    this.#isBusy = true;
    const before = await ownProcesses();
    await removeOtherHomes(place.root);
    const killNewcomers = async (): Promise<void> => {
      const known = new Set(before.map(identity));
      // What forks while we look is met in the next round.
      for (let rounds = 0; rounds < 100; rounds += 1) {
        const newcomers = (await ownProcesses()).filter((stat) => !known.has(identity(stat)));
        if (newcomers.length === 0) return;
        for (const { pid } of newcomers) kill(pid);
      }
      throw new Error('The run goes on starting processes faster than they are killed');
    };
    return {
      wrap: (command) => enteringCommand(command, []),
      kill: async (pid) => {
        killGroup(pid);
        await Promise.resolve();
      },
      close: async () => {
        await killNewcomers();
        this.#isBusy = false;
      },
    };
  }
}

function identity({ pid, started }: ProcessStat): string {
  return `${pid}/${started}`;
}

/** Of our user, ourselves and our threads left out; those that are dead already too. */
async function ownProcesses(): Promise<ProcessStat[]> {
  const uid = String(process.getuid?.());
  const all = await Promise.all(
    (await allProcesses()).map(async (stat) => ({ stat, status: await statusOf(stat.pid) })),
  );
  return all
    .filter(({ status }) => !/^State:\s+[ZX]/m.test(status) && /^Uid:\s+(\d+)/m.exec(status)?.[1] === uid)
    .map(({ stat }) => stat)
    .filter(({ pid }) => pid !== process.pid);
}

async function statusOf(pid: number): Promise<string> {
  return readFile(`/proc/${pid}/status`, 'utf8').catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ESRCH') return '';
    throw error;
  });
}

/** They can be had again from the store. */
async function removeOtherHomes(root: string): Promise<void> {
  for (const name of await readdir(dirname(root)))
    if (name !== basename(root)) await rm(join(dirname(root), name), { recursive: true, force: true });
}
