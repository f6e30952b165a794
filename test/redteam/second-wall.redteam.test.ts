// The first wall around the CLI, that its program cannot be read, is down: what the filter of system calls keeps by itself.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { syscallFilter } from '@omnicloud/agent-container/internal/run/isolation/syscall-filter.ts';
import { bash, SAY_SUCCESS, SUCCESS } from './attack.ts';
import { ESCAPING } from './escaping-attacks.ts';
import { openStage, type Stage } from './stage.fixture.ts';

const hasFilter = (await syscallFilter()).length > 0;

/** By their numbers, with arguments that do nothing: what answers anything but "not implemented" is open. */
const CALLS = bash(
  'calls of the kernel that people rarely need',
  () =>
    `case $(uname -m) in x86_64) n="101 298 310 311 312 321 323 248 249 250 425 426 427 438" ;; *) n="117 241 270 271 272 280 282 217 218 219 425 426 427 438" ;; esac; for c in $n; do perl -e 'exit(syscall($ARGV[0] + 0, -1, -1, 0, 0, 0, 0) == -1 && $! == 38 ? 1 : 0)' $c && ${SAY_SUCCESS} $c; done; echo tried`,
);
const ATTACKS = [...ESCAPING.filter(({ name }) => name.startsWith("the CLI's descriptors")), CALLS];
const WORK = bash(
  'ordinary work',
  () =>
    'mkdir made && cd made && git init -q && echo a > a && git add a && git -c user.name=a -c user.email=a@b commit -qm one && git log --oneline | wc -l && $(command -v node || echo /sandbox/node) -p "6 * 7" && seq 3 | sort -r | paste -sd, -',
);

describe.skipIf(!hasFilter)('Behind the filter of system calls (Linux, enosys)', () => {
  let stage: Stage;
  const results = new Map<string, string>();
  beforeAll(async () => {
    stage = await openStage({ shell: 'on', without: ['closed CLI', 'probe of the CLI'] });
    const all = [...ATTACKS, WORK];
    const given = await stage.turn(all.flatMap(({ calls }) => calls(stage.ground())));
    for (const [index, { name }] of all.entries()) results.set(name, given[index] ?? '');
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  it.each(ATTACKS.map(({ name }) => name))(
    'a shell does not get at %s, although the CLI can be read',
    (name) => {
      expect(results.get(name)).toBeDefined();
      expect(results.get(name)).not.toContain(SUCCESS);
    },
  );

  it('it was tried, and the CLI, git, Node and pipes work', () => {
    expect(results.get(CALLS.name)).toContain('tried');
    expect(results.get(WORK.name)).toMatch(/1\n42\n3,2,1/);
  });
});

describe.skipIf(process.platform !== 'linux')('Without it (Linux)', () => {
  it('the same shell takes them', async () => {
    const without = ['closed CLI', 'probe of the CLI', 'filter of system calls'];
    await using stage = await openStage({ shell: 'on', without });
    const given = await stage.turn(ATTACKS.flatMap(({ calls }) => calls(stage.ground())));
    for (const result of given) expect(result).toContain(SUCCESS);
  });
});
