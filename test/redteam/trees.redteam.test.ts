// A shell that leaves trees which are hard to count, to save or to remove, in its workspace and among what the server reads of its conversation.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PERSON } from '../fakes/telegram-server.ts';
import { type Attack, bash } from './attack.ts';
import { openStage, type Stage } from './stage.fixture.ts';
import { feel, neighbourAlone } from './under-attack.fixture.ts';

/** Beyond what a chat alone waits for, and as long as two of that on a machine that is busy with other things. */
const LEEWAY_MS = 3_000;
/** What each attack makes, below a folder of this name in each place. */
const PLANTED = 'redteam-tree';

function attack(name: string, script: string): Attack {
  const places = '"$PWD" "$CLAUDE_CONFIG_DIR/projects"';
  return bash(
    name,
    () =>
      `: > attacking; for p in ${places}; do mkdir -p "$p/${PLANTED}"; (cd "$p/${PLANTED}"; ${script}); done`,
  );
}

const TREES: readonly Attack[] = [
  attack('30,000 empty files in one folder', 'seq 30000 | xargs -n 10000 touch'),
  attack('folders 3,000 deep', `perl -e 'for (1 .. 3000) { mkdir "dd"; chdir "dd" }'`),
  attack(
    'names that are no text, or hold line breaks',
    String.raw`touch $'a\nb' $'\xff\xfe' $'c\r\e[31m'; mkdir $'\xfd'; touch $'\xfd/x'`,
  ),
  attack(
    'pipes, sockets, and folders that are shut',
    `mkfifo p; perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => "s", Listen => 1)'; mkdir -p c/c; chmod 0 c/c c`,
  ),
  attack('files with 100 GB of holes', 'for i in $(seq 25); do truncate -s 1000M h$i; done'),
  attack(
    'loops of links, and a file of 5,000 names',
    `ln -s . a; ln -s .. b; ln -s /proc/self/root r; perl -e 'open(F, ">f"); for (1 .. 5000) { link("f", "f$_") }'`,
  ),
];

/** What stays in the workspace is looked through at each turn; the next attack is to be felt alone. */
const REMOVAL = bash(
  'a look',
  () => `chmod -R u+rwX ${PLANTED} 2>/dev/null; rm -rf ${PLANTED} && echo alive`,
);

let stage: Stage;
const figures: Record<string, string> = {};

describe.skipIf(process.platform !== 'linux')('A shell that leaves strange trees (Linux)', () => {
  beforeAll(async () => {
    stage = await openStage({ shell: 'on' });
    await neighbourAlone(stage);
  });
  afterAll(async () => {
    if (process.env.REDTEAM_FIGURES !== undefined) console.log('Another chat was answered after', figures);
    await stage[Symbol.asyncDispose]();
  });

  it.each(TREES.map((tree) => [tree.name, tree] as const))(
    '%s: another chat is answered meanwhile, and so is the next message of the same one',
    async (_, tree) => {
      const aloneMs = await neighbourAlone(stage);
      const told = stage.telegram.botTexts(PERSON).length;
      const { neighbourMs, slowestMs } = await feel(stage, tree);
      figures[tree.name] = `${Math.round(neighbourMs)} ms, alone ${Math.round(aloneMs)} ms`;
      expect(neighbourMs).toBeLessThan(aloneMs + Math.max(LEEWAY_MS, 2 * aloneMs));
      expect(slowestMs).toBeLessThan(LEEWAY_MS);
      stage.model.clear();
      // Beside it, a word on what is not saved.
      expect(stage.telegram.botTexts(PERSON).slice(told)).toContainEqual(
        expect.stringMatching(/^ok|took too much of the disk/),
      );
      const [seen] = await stage.turn(REMOVAL.calls(stage.ground()));
      expect(seen).toContain('alive');
      expect(stage.server().exitCode).toBeNull();
      expect(await leftOutsideOfWorkspace()).toEqual([]);
    },
  );
});

/** Files in the workspace belong to the user and are saved; files beside the workspace belong to nobody, and may be removed. */
async function leftOutsideOfWorkspace(): Promise<string[]> {
  const { dataDir, ownId } = stage.ground();
  const home = join(dataDir, 'work', ownId);
  for (let tries = 0; ; tries += 1) {
    const left = (await readdir(join(home, 'config', 'projects')).catch(noneWhenMissing)).filter(
      (name) => name === PLANTED,
    );
    if (left.length === 0 || tries >= 100) return left;
    // The answer is sent before the run is taken down.
    await delay(100);
  }
}

function noneWhenMissing(error: unknown): string[] {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
  throw error;
}
