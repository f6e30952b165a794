// root → a user id that nothing else has, for the time of the run → its home is given to it, and whatever it started is killed with it
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { chmod, chown } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { enteringCommand } from './entering-command.ts';
import { giveTo } from './give-to.ts';
import type { Confinement, Isolation, Place } from './isolation.ts';
import { kill } from './process-group.ts';
import { processesOf } from './prove-ended.ts';
import { kernelLimits, type RunLimits, runLimits } from './run-limits.ts';
import { filtered, type SyscallFilter } from './syscall-filter.ts';
import { sweepShared } from './sweep-shared.ts';

/** Neither people nor packages nor systemd give these away (https://systemd.io/UIDS-GIDS/). */
const FIRST_ID = 60_706;
const IDS = 400;
/**
 * Where the next run's user is looked for: another one than the last run's, because the dead of a run count for its user until they are waited
 * for. A second server on this machine most likely begins elsewhere.
 */
let next = randomInt(IDS);

/**
 * For root where there are no namespaces: file modes keep runs from the server's memory and files, and from one another. The network is
 * the machine's, and everything that is readable by all stays so.
 */
export class SeparateUserIsolation implements Isolation {
  readonly means = 'The shell is confined by a user of its own for each run.';
  readonly isNetworkOn = true;
  readonly #taken = new Set<number>();
  readonly #limits: RunLimits;
  readonly #filter: SyscallFilter;

  constructor(limits: RunLimits = runLimits(), filter: SyscallFilter = []) {
    this.#limits = limits;
    this.#filter = filter;
  }

  async open(place: Place): Promise<Confinement> {
    const id = await this.#take();
    try {
      // Entered by its own name, not listed.
      await chmod(dirname(place.root), 0o711);
      await chown(place.root, 0, id);
      await chmod(place.root, 0o710);
      for (const path of [...place.writable, place.temporary]) await giveTo(path, id, id);
    } catch (error) {
      this.#taken.delete(id);
      throw error;
    }
    return {
      wrap: (command) =>
        enteringCommand(
          filtered({ ...command, env: { ...command.env, TMPDIR: place.temporary } }, this.#filter),
          [...asUser(id), '--bounding-set=-all', '--inh-caps=-all'],
          kernelLimits(this.#limits, this.#limits.processes),
        ),
      kill: () => killAllOf(id),
      membersOf: async (pid) => ({ all: await processesOf(id), own: new Set([pid]) }),
      close: async () => {
        // An id that somebody may still have is given to nobody else.
        if (!(await isRidOf(id))) throw new Error(`Processes of the user ${id} are left`);
        await sweepShared(id);
        await chown(place.root, 0, 0);
        await chmod(place.root, 0o700);
        this.#taken.delete(id);
      },
    };
  }

  async #take(): Promise<number> {
    for (let count = 0; count < IDS; count += 1) {
      const id = FIRST_ID + (next % IDS);
      next += 1;
      if (this.#taken.has(id)) continue;
      this.#taken.add(id);
      // A second server on this machine may have given it to a run, which the end of a run of ours would kill.
      if ((await processesOf(id)).length === 0) return id;
      this.#taken.delete(id);
    }
    throw new RangeError(`${IDS} runs at once have a user each; there is none for another`);
  }
}

function asUser(id: number): string[] {
  return ['--reuid', String(id), '--regid', String(id), '--clear-groups'];
}

/** What is killed may take a while to give its memory back. */
async function isRidOf(id: number): Promise<boolean> {
  for (let tries = 0; tries < 100; tries += 1) {
    await killAllOf(id);
    if ((await processesOf(id)).length === 0) return true;
    await delay(20);
  }
  return false;
}

/** The kernel does it in one go, so that nothing can fork away from it. It spares the one who asks. */
async function killAllOf(id: number): Promise<void> {
  const args = [...asUser(id), '--', '/bin/sh', '-c', 'kill -KILL -1'];
  try {
    await once(spawn('setpriv', args, { env: {}, stdio: 'ignore' }), 'exit');
  } catch {
    // The system starts no process now, which may be the run's own doing. One after another is better than none; whoever closes the run looks again.
    for (const { pid } of await processesOf(id)) kill(pid);
  }
}
