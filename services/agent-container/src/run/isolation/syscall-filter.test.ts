import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../session/home/temporary-directory.fixture.ts';
import { closedProgram } from './closed-program.ts';
import type { Isolation } from './isolation.ts';
import { NamespaceIsolation } from './namespace-isolation.ts';
import { openPlace } from './open-place.fixture.ts';
import { probe, type Probe } from './probe/probe-isolation.ts';
import { runLimits } from './run-limits.ts';
import { haveNamespaces, openSandbox } from './sandbox.fixture.ts';
import { SeparateUserIsolation } from './separate-user-isolation.ts';
import { filtered, type SyscallFilter, syscallFilter } from './syscall-filter.ts';

const FILTER = await syscallFilter();
const hasFilter = FILTER.length > 0;
const isRoot = process.platform === 'linux' && process.getuid?.() === 0;
const KINDS: [string, boolean, (filter: SyscallFilter) => Isolation][] = [
  ['namespaces', await haveNamespaces(), (filter) => new NamespaceIsolation(false, runLimits(), filter)],
  ['a user of its own', isRoot, (filter) => new SeparateUserIsolation(runLimits(), filter)],
];

async function probed(isolation: Isolation): Promise<Probe> {
  const { folder: workRoot, cli } = await openPlace(0o755);
  const closed = await closedProgram(cli, [join(workRoot, 'cache')]);
  return probe(isolation, { workRoot, hidden: [], cli: closed });
}

describe.each(KINDS)(
  'The filter of system calls in front of a run in %s',
  (_, isAvailable, isolationWith) => {
    it.skipIf(!isAvailable || !hasFilter)(
      'holds, and the real CLI starts behind it (needs enosys)',
      async () => {
        expect(await probed(isolationWith(FILTER))).toBe('holds and filters');
      },
    );

    it.skipIf(!isAvailable)('is not taken for one when it forbids nothing', async () => {
      // Starts what stands behind it, as `enosys` does.
      expect(await probed(isolationWith(['/usr/bin/env']))).toBe('holds');
    });

    it.skipIf(!isAvailable)('that cannot be installed starts nothing', async () => {
      expect(await probed(isolationWith(['/usr/bin/false']))).toBe('unavailable');
    });

    it.skipIf(!isAvailable || !hasFilter)(
      'leaves Bash, git, pipes and background jobs their way (needs enosys)',
      async () => {
        const { run } = await openSandbox(isolationWith(FILTER));
        const script = `bash -c 'set -e -o pipefail
        git init -q repository && cd repository && echo one >file && git add file
        git -c user.name=a -c user.email=a@b commit -qm first && git log --oneline | grep -c first
        seq 3 | sort -r | head -n 1; (sleep 0.1; echo late >later) & wait; cat later'`;
        expect(await run(script)).toEqual({ code: 0, output: '1\n3\nlate\n' });
      },
    );
  },
);

describe('enosys is looked for', () => {
  it('in each folder, and the first that may be executed is taken', async () => {
    const [without, shut, good] = [
      await temporaryDirectory(),
      await temporaryDirectory(),
      await temporaryDirectory(),
    ];
    await writeFile(join(shut, 'enosys'), '', { mode: 0o644 });
    await writeFile(join(good, 'enosys'), '', { mode: 0o755 });
    const [program, ...rest] = await syscallFilter([without, shut, good]);
    expect(program).toBe(join(good, 'enosys'));
    expect(rest.join(' ')).toMatch(/^--syscall ptrace .*--syscall io_uring_setup .* --$/);
    expect(await syscallFilter([without])).toEqual([]);
  });

  it('and a command without one stays as it is', () => {
    const command = { command: '/bin/true', args: ['a'], cwd: '/', env: {} };
    expect(filtered(command, [])).toEqual(command);
    expect(filtered(command, ['/e', '--'])).toEqual({
      ...command,
      command: '/e',
      args: ['--', '/bin/true', 'a'],
    });
  });
});
