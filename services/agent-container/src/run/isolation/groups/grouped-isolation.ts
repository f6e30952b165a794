// an isolation → the same, each run in a control group of its own besides
import type { Confinement, Command, Isolation, Place } from '../isolation.ts';
import type { Controller } from './own-hierarchies.ts';
import type { RunGroup, RunGroups } from './run-groups.ts';

const JOIN = 'while [ "$1" != -- ]; do echo $$ >"$1" || exit 1; shift; done; shift; exec "$@"';

/** What a run uses together is then kept by the kernel, and not only counted by us. */
export class GroupedIsolation implements Isolation {
  readonly #isolation: Isolation;
  readonly #groups: RunGroups;

  constructor(isolation: Isolation, groups: RunGroups) {
    this.#isolation = isolation;
    this.#groups = groups;
  }

  get means(): string {
    const { keeps } = this.#groups;
    return `${this.#isolation.means} Each run is in a control group of its own, which limits ${listOf(keeps)}.`;
  }

  get isNetworkOn(): boolean {
    return this.#isolation.isNetworkOn;
  }

  get isSpent(): boolean {
    return this.#isolation.isSpent === true;
  }

  async open(place: Place): Promise<Confinement> {
    const group = await this.#groups.open();
    const { wasOutOfMemory } = group;
    try {
      const confinement = await this.#isolation.open(place);
      return {
        wrap: (command) => joining(group, confinement.wrap(command)),
        kill: async (pid) => {
          await group.kill();
          await confinement.kill(pid);
        },
        membersOf: (pid) => confinement.membersOf(pid),
        giveWay: (load) => group.giveWay(load),
        ...(wasOutOfMemory === undefined ? {} : { wasOutOfMemory }),
        close: async () => {
          await confinement.close();
          await group.remove();
        },
      };
    } catch (error) {
      await group.remove();
      throw error;
    }
  }
}

const NAMES: Record<Controller, string> = {
  memory: 'its memory',
  pids: 'its processes',
  cpu: 'its share of the processors',
};

function listOf(keeps: readonly Controller[]): string {
  const names = keeps.map((name) => NAMES[name]);
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** The shell becomes the command, so the id of the process stays. */
function joining({ doors }: RunGroup, inner: Command): Command {
  return {
    ...inner,
    command: '/bin/sh',
    args: ['-c', JOIN, 'sh', ...doors, '--', inner.command, ...inner.args],
  };
}
