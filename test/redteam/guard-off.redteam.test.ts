// The same attempts where nothing is in their way: what is found here shows that the other suites look at the right places. What comes in
// from outside has a file of its own, guard-off-incoming.redteam.test.ts.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Attack, SUCCESS } from './attack.ts';
import { AT_THE_PROXY, EMPTY_OBJECTS } from './proxy-attacks.ts';
import { ESCAPING } from './escaping-attacks.ts';
import { FILE_TOOL_ATTACKS } from './file-tool-attacks.ts';
import { POISONING, workspacePoison } from './poison.ts';
import { findSecrets } from './secrets.ts';
import { READING } from './reading-attacks.ts';
import type { StageOptions } from './start-server.fixture.ts';
import { openStage, type Stage } from './stage.fixture.ts';
import { untilSlow } from './under-attack.fixture.ts';

/** Longer than another chat may have to wait for its answer. */
const SLOW_MS = 3_000;

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
    const stage = suite({ shell: 'off', without: ['tools'] }, thatFind(FILE_TOOL_ATTACKS));

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

describe.skipIf(process.platform !== 'linux' || !hasPerl)('Where the CLI may be read (Linux, perl)', () => {
  const attacks = ESCAPING.filter(({ name }) => name.startsWith("the CLI's "));
  let stage: Stage;
  beforeAll(async () => {
    const without = ['closed CLI', 'probe of the CLI', 'filter of system calls'];
    stage = await openStage({ shell: 'on', without });
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  it('its shell takes its output, its environment and its memory', async () => {
    const results = await stage.turn(attacks.flatMap(({ calls }) => calls(stage.ground())));
    expect(results).toHaveLength(2);
    for (const result of results) expect(result).toContain(SUCCESS);
  });

  it('and without the second guard alone, the server does not start', async () => {
    await expect(openStage({ shell: 'on', without: ['closed CLI'] })).rejects.toThrow('before it was ready');
  });
});

describe.skipIf(process.platform !== 'linux')('Where an agent with a shell is left its way (Linux)', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage({ shell: 'on', without: ['models'] });
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  it('it calls other models by the proxy, and its next run obeys what lies in its workspace', async () => {
    const otherModels = AT_THE_PROXY.filter(({ name }) => name.endsWith('other models'));
    const attacks = [...otherModels, ...POISONING];
    const [called] = await stage.turn(attacks.flatMap(({ calls }) => calls(stage.ground())));
    expect(called).toContain(SUCCESS);
    const { markers } = stage.ground();
    expect(readdirSync(markers)).toEqual([]);
    await stage.restart({ shell: 'off', without: ['own settings'] });
    await stage.turn([{ name: 'Read', input: { file_path: 'sub/seen.txt' } }]);
    expect(readdirSync(markers)).toContain('workspace-shell-prefix');
  });
});

describe.skipIf(process.platform !== 'linux')(
  'Where bodies for the model are parsed as they come (Linux)',
  () => {
    let stage: Stage;
    beforeAll(async () => {
      stage = await openStage({ shell: 'on', without: ['count of values', 'thread of the judge'] });
    });
    afterAll(() => stage[Symbol.asyncDispose]());

    it('one request stops the server for everybody', async () => {
      const server = stage.server();
      // It may end altogether: then nothing can be asked of it any more.
      const ended = once(server, 'exit').then(() => Infinity);
      const slow = untilSlow(stage, EMPTY_OBJECTS, SLOW_MS).catch(() => ended);
      expect(await Promise.race([slow, ended])).toBeGreaterThan(SLOW_MS);
    });
  },
);
