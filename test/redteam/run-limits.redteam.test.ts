// A shell that takes all it can get of memory, processes, processors, shared memory and descriptors, in whole turns.
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PERSON } from '../fakes/telegram-server.ts';
import { type Attack, bash } from './attack.ts';
import { openStage, type Stage } from './stage.fixture.ts';
import { feel, neighbourAlone } from './under-attack.fixture.ts';

/** The CLI itself takes about 300 MB. */
const SETTINGS = { RUN_MEMORY_MB: '512', RUN_PROCESSES: '250' };
/** Beyond what a chat alone waits for, and as long as two of that on a machine that is busy with other things. */
const LEEWAY_MS = 3_000;
const TOLD = 'used more memory or processes';

function attack(name: string, script: string): Attack {
  return bash(name, () => `: > attacking; ${script}`);
}

/** Takes so many MB and keeps them for some seconds: more than is allowed, and not all that the machine has. */
const hog = (megabytes: number): string =>
  `perl -e 'my $x = "x" x (${megabytes} * 1048576); $| = 1; print "has ${megabytes} MB\\n"; sleep 4'`;
const MEMORY_BOMB = attack('one process that takes memory', hog(700));
const FORK_BOMB = attack(
  'a bomb of forks',
  `perl -e 'my $n = 1; for (1 .. 400) { my $p = fork; if (!defined $p) { select(undef, undef, undef, 0.01); next } if (!$p) { sleep 8; exit } $n++ } print "has $n processes\\n"; sleep 6'`,
);

/** The numbers of mmap(2) and read(2), which no shell has. */
const CALLS = process.arch === 'arm64' ? { mmap: 222, read: 63 } : { mmap: 9, read: 0 };

/** Each passes a limit, so its turn is ended. */
const BOMBS: readonly Attack[] = [
  MEMORY_BOMB,
  attack(
    'memory that is shared, and belongs to no file',
    `perl -e 'my $n = 700 * 1048576; my $at = syscall(${CALLS.mmap}, 0, $n, 3, 0x21, -1, 0); open(my $z, "<", "/dev/zero"); for (0 .. 699) { syscall(${CALLS.read}, fileno($z), $at + $_ * 1048576, 1048576) } sleep 4'`,
  ),
  attack(
    'many processes that take some memory each',
    `for i in $(seq 15); do setsid ${hog(100)} & done; wait`,
  ),
  FORK_BOMB,
];
/** Each stays within the limits of a run, whatever it tries: its turn goes on. */
const BOUNDED: readonly Attack[] = [
  attack('64 busy loops', 'for i in $(seq 64); do timeout 6 sh -c "while :; do :; done" & done; wait'),
  attack(
    'all of /dev/shm and of shared memory',
    'head -c 9G /dev/zero > /dev/shm/x; for i in $(seq 40); do ipcmk -M 100M; done; sleep 3; df -m /dev/shm',
  ),
  attack(
    'all descriptors',
    `for i in $(seq 30); do perl -e 'my @f; while (open(my $f, "<", "/dev/null")) { push @f, $f } sleep 4; print scalar(@f), "\\n"' & done; wait`,
  ),
  attack(
    'processes that leave their session',
    `for i in $(seq 30); do (setsid sh -c '(: redteam-leaver; sleep 60) &' >/dev/null 2>&1 &); done; sleep 1`,
  ),
];

let stage: Stage;
const figures: Record<string, string> = {};

/** @returns what the attacker's chat was told. */
async function felt(bomb: Attack): Promise<string[]> {
  // The machine may be busy with other things, now more and now less.
  const aloneMs = await neighbourAlone(stage);
  const told = stage.telegram.botTexts(PERSON).length;
  const { neighbourMs, slowestMs } = await feel(stage, bomb);
  figures[bomb.name] = `${Math.round(neighbourMs)} ms, alone ${Math.round(aloneMs)} ms`;
  expect(neighbourMs).toBeLessThan(aloneMs + Math.max(LEEWAY_MS, 2 * aloneMs));
  expect(slowestMs).toBeLessThan(LEEWAY_MS);
  expect(stage.server().exitCode).toBeNull();
  // What the model was to say after the call that ended its turn.
  stage.model.clear();
  return stage.telegram.botTexts(PERSON).slice(told);
}

describe.skipIf(process.platform !== 'linux')('A shell that takes (Linux)', () => {
  beforeAll(async () => {
    stage = await openStage({ shell: 'on', settings: SETTINGS });
    await neighbourAlone(stage);
  });
  afterAll(async () => {
    if (process.env.REDTEAM_FIGURES !== undefined) console.log('Another chat was answered after', figures);
    await stage[Symbol.asyncDispose]();
  });

  it.each(BOMBS.map((bomb) => [bomb.name, bomb] as const))(
    '%s ends its own turn, with a word about it, and another chat is answered meanwhile',
    async (_, bomb) => {
      expect(await felt(bomb)).toContainEqual(expect.stringContaining(TOLD));
    },
  );

  it.each(BOUNDED.map((bomb) => [bomb.name, bomb] as const))(
    '%s gets no more than its share, and another chat is answered meanwhile',
    async (_, bomb) => {
      expect(await felt(bomb)).toEqual(['ok']);
    },
  );

  it('leaves no process behind', () => {
    expect(leavers()).toEqual([]);
  });
});

describe.skipIf(process.platform !== 'linux')('Where a run has no limits (Linux)', () => {
  it('the same shell gets the memory and the processes', async () => {
    await using unlimited = await openStage({
      shell: 'on',
      settings: SETTINGS,
      without: ['limits of a run'],
    });
    const [memory, processes] = await unlimited.turn(
      [MEMORY_BOMB, FORK_BOMB].flatMap(({ calls }) => calls(unlimited.ground())),
    );
    expect(memory).toContain('has 700 MB');
    expect(processes).toContain('has 401 processes');
  });
});

function leavers(): string[] {
  return readdirSync('/proc').filter(
    (name) => /^\d+$/.test(name) && commandOf(name).includes('redteam-leaver'),
  );
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    // It has just ended.
    return '';
  }
}
