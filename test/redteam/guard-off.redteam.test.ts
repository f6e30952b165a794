// The same attempts where nothing is in their way: what is found here shows that the other suites look at the right places.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Attack } from './attack.ts';
import { FILE_TOOL_ATTACKS } from './file-tool-attacks.ts';
import { workspacePoison } from './poison.ts';
import { findSecrets } from './secrets.ts';
import { READING } from './reading-attacks.ts';
import type { StageOptions } from './start-server.fixture.ts';
import { openStage, type Stage } from './stage.fixture.ts';

const hasPerl = spawnSync('perl', ['-e', '1']).status === 0;
const hasGit = spawnSync('git', ['--version']).status === 0;

/** Those that only read: the others would do to this machine what they try. */
const thatFind = (attacks: readonly Attack[]): Attack[] =>
  attacks.filter(({ finds, name }) => finds !== undefined && (hasPerl || !name.includes('keyring')));

function suite(options: StageOptions, attacks: readonly Attack[]): () => Stage {
  let stage: Stage;
  const results = new Map<string, string>();
  beforeAll(async () => {
    stage = await openStage(options);
    const calls = attacks.map((attack) => attack.calls(stage.ground()));
    const given = await stage.turn(calls.flat());
    for (const [index, { name }] of attacks.entries())
      results.set(name, given.splice(0, calls[index]?.length).join('\n'));
  });
  afterAll(() => stage[Symbol.asyncDispose]());
  it.each(attacks.map(({ name, finds }) => [name, finds] as const))('%s', (name, finds) => {
    expect(findSecrets(results.get(name) ?? '', stage.secrets)).toEqual(
      expect.arrayContaining([...(finds ?? [])]),
    );
  });
  return () => stage;
}

describe.skipIf(process.platform !== 'linux')('Where the shell is unconfined, it finds by (Linux)', () => {
  const stage = suite({ shell: 'unconfined' }, thatFind(READING));

  it('all of them together every secret that was planted', () => {
    const planted = Object.keys(stage().secrets).filter((name) => hasPerl || name !== 'session keyring');
    // Tasks are read by file tools alone.
    const sought = planted.filter((name) => name !== "neighbour's tasks");
    expect(findSecrets(stage().shown(), stage().secrets)).toEqual(expect.arrayContaining(sought));
    expect(stage().visits).not.toEqual([]);
  });
});

describe.skipIf(process.platform !== 'linux')(
  'Where the tool guard allows everything, file tools find (Linux)',
  () => {
    const stage = suite({ shell: 'off', isHookOff: true }, thatFind(FILE_TOOL_ATTACKS));

    it.skipIf(!hasGit)('a trap among the files of a workspace that works: git runs it', async () => {
      const { publicFolder, markers } = stage().ground();
      const repository = join(publicFolder, 'repository');
      for (const [path, content] of workspacePoison(stage().ground())) {
        await mkdir(dirname(join(repository, path)), { recursive: true });
        await writeFile(join(repository, path), content);
      }
      spawnSync('git', ['-C', repository, 'status']);
      expect(existsSync(join(markers, 'workspace-fsmonitor'))).toBe(true);
    });
  },
);
