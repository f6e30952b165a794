// homes of other sessions removed → the run as the server's own user, who cannot look into the server → what it left behind is killed
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AgentError } from '../../errors.ts';
import { removeTree } from '../../session/home/remove-tree.ts';
import { killGroup, type ProcessStat, statOf } from './process-group.ts';
import { enteringCommand } from './entering-command.ts';
import type { Confinement, Isolation, Place } from './isolation.ts';
import { identity, ownProcesses, proveEnded } from './prove-ended.ts';
import { kernelLimits, type RunLimits, runLimits } from './run-limits.ts';
import { ownedShared, sweepShared } from './sweep-shared.ts';
import { filtered, type SyscallFilter } from './syscall-filter.ts';

/**
 * For an image of our own on a platform that forbids both namespaces and other users, such as Lambda. The server's program is one that it
 * may execute and not read, and so the kernel shows neither its environment nor its memory to anybody of the same user (ptrace(2),
 * "PTRACE_MODE"; proc(5), "dumpable"). Only for a server that has one run at a time, has no secret in a file, and keeps
 * sessions elsewhere: runs are kept apart by their times alone, so once it is not proven that nothing of a run is left, there is no other run.
 * The network is the machine's.
 */
export class SameUserIsolation implements Isolation {
  readonly means = "The shell runs as the server's user, whose programs it cannot look into.";
  readonly isNetworkOn = true;
  readonly #limits: RunLimits;
  readonly #filter: SyscallFilter;
  #isBusy = false;
  #isSpent = false;

  constructor(limits: RunLimits = runLimits(), filter: SyscallFilter = []) {
    this.#limits = limits;
    this.#filter = filter;
  }

  get isSpent(): boolean {
    return this.#isSpent;
  }

  /** @throws AgentError `store_unavailable` when something of an earlier run may still be there: nothing is run beside it. */
  async open(place: Place): Promise<Confinement> {
    if (this.#isSpent) throw new AgentError('store_unavailable', SPENT);
    if (this.#isBusy) throw new Error('Two runs at once would see one another');
    this.#isBusy = true;
    const uid = process.getuid?.() ?? 0;
    const before = await ownProcesses();
    const known = new Set(before.map(identity));
    const kept = new Set(await ownedShared(uid));
    await removeOtherHomes(place.root);
    const processes = this.#limits.processes + (await threadsOf(before));
    let isStarted = false;
    return {
      wrap: (command) => {
        isStarted = true;
        return enteringCommand(
          filtered({ ...command, env: { ...command.env, TMPDIR: place.temporary } }, this.#filter),
          [],
          kernelLimits(this.#limits, processes),
        );
      },
      kill: async (pid) => {
        killGroup(pid);
        await Promise.resolve();
      },
      membersOf: async (pid) => {
        const all = (await ownProcesses()).filter((stat) => !known.has(identity(stat)));
        return { all, own: new Set([pid]) };
      },
      close: async () => {
        // Whatever fails here leaves it unproven.
        this.#isSpent = true;
        if (isStarted && !(await proveEnded(known, processes))) return;
        await sweepShared(uid, kept);
        this.#isSpent = false;
        this.#isBusy = false;
      },
    };
  }
}

const SPENT = 'This environment may still hold a process of an earlier run and takes no other';

/** Ours and theirs: the kernel counts threads of the whole user. */
async function threadsOf(others: readonly ProcessStat[]): Promise<number> {
  const own = await statOf(process.pid);
  return [...others, ...(own ? [own] : [])].reduce((sum, { threads }) => sum + threads, 0);
}

/** They can be had again from the store. */
async function removeOtherHomes(root: string): Promise<void> {
  for (const name of await readdir(dirname(root)))
    if (name !== basename(root)) await removeTree(join(dirname(root), name));
}
