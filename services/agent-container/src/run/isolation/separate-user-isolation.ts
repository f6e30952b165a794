// root → a user id that nothing else has, for the time of the run → its home is given to it, and whatever it started is killed with it
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown } from 'node:fs/promises';
import { dirname } from 'node:path';
import { enteringCommand } from './entering-command.ts';
import { giveTo } from './give-to.ts';
import type { Cell, Isolation, Place } from './isolation.ts';

/** Neither people nor packages nor systemd give these away (https://systemd.io/UIDS-GIDS/). */
const FIRST_ID = 60_706;
const IDS = 400;

/**
 * For root where there are no namespaces: file modes keep runs from the server's memory and files, and from one another. The network is
 * the machine's, and everything that is readable by all stays so.
 */
export class SeparateUserIsolation implements Isolation {
  readonly isNetworkOn = true;
  readonly #taken = new Set<number>();

  async open(place: Place): Promise<Cell> {
    const id = this.#take();
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
      wrap: (command) => enteringCommand(command, [...asUser(id), '--bounding-set=-all', '--inh-caps=-all']),
      kill: () => killAllOf(id),
      close: async () => {
        await killAllOf(id);
        await chown(place.root, 0, 0);
        await chmod(place.root, 0o700);
        this.#taken.delete(id);
      },
    };
  }

  #take(): number {
    for (let id = FIRST_ID; id < FIRST_ID + IDS; id += 1) {
      if (this.#taken.has(id)) continue;
      this.#taken.add(id);
      return id;
    }
    throw new RangeError(`${IDS} runs at once have a user each; there is none for another`);
  }
}

function asUser(id: number): string[] {
  return ['--reuid', String(id), '--regid', String(id), '--clear-groups'];
}

/** The kernel does it in one go, so that nothing can fork away from it. It spares the one who asks. */
async function killAllOf(id: number): Promise<void> {
  const args = [...asUser(id), '--', '/bin/sh', '-c', 'kill -KILL -1'];
  await once(spawn('setpriv', args, { env: {}, stdio: 'ignore' }), 'exit');
}
