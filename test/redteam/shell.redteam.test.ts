import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { readAgentImage } from '@omnicloud/agent-container/internal/run/agent-image.ts';
import { type Attack, SUCCESS } from './attack.ts';
import { ESCAPING } from './escaping-attacks.ts';
import { LATE, LATE_MARKS, LEAVING, LOOKING } from './leaving-attacks.ts';
import { POISONING } from './poison.ts';
import { AT_THE_PROXY } from './proxy-attacks.ts';
import { findSecrets } from './secrets.ts';
import { READING } from './reading-attacks.ts';
import { openStage, type Stage } from './stage.fixture.ts';
import { leftBehind, surroundings, surroundingsAtRest } from './surroundings.ts';

const AT_ONCE = [...READING, ...AT_THE_PROXY, ...ESCAPING];
const AFTERWARDS = [...LEAVING, ...LATE, ...POISONING];
/** The end of a turn is a moment that a script may miss: it tries again in the next one. */
const MAX_LATE_TURNS = 20;

let stage: Stage;
let before: Record<string, string>;
const results = new Map<string, string>();

/** One turn of one CLI process for all of them. */
async function attempt(attacks: readonly Attack[], lingerMs?: number): Promise<void> {
  const given = await stage.turn(
    attacks.flatMap(({ calls }) => calls(stage.ground())),
    lingerMs,
  );
  for (const [index, { name }] of attacks.entries()) results.set(name, given[index] ?? '');
}

describe.skipIf(process.platform !== 'linux')("An agent's shell (Linux)", () => {
  beforeAll(async () => {
    stage = await openStage({ shell: 'on' });
    before = await surroundingsAtRest(stage.ground());
    await attempt(AT_ONCE);
    await attempt(AFTERWARDS, 500);
    for (let turn = 0; turn < MAX_LATE_TURNS && !cameLate(); turn += 1) await attempt(LATE, 500);
    await attempt(LOOKING);
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  describe('does not get at', () => {
    it.each([...AT_ONCE, ...AFTERWARDS, ...LOOKING].map(({ name }) => name))('%s', (name) => {
      const result = results.get(name) ?? '';
      expect(result).not.toBe('');
      expect(findSecrets(result, stage.secrets)).toEqual([]);
      expect(result).not.toContain(SUCCESS);
    });
  });

  it('leaves no secret in what the model and Telegram were sent, or in what is stored of its session', async () => {
    expect(findSecrets(stage.shown(), stage.secrets)).toEqual([]);
    expect(findSecrets(await leftBehind(stage.ground()), stage.secrets)).toEqual([]);
  });

  it('is given the tools of the image’s tools.json and the shell, and no others', async () => {
    const tools = stage.model.requests.at(-1)?.body.tools ?? [];
    const expected = [...(await readAgentImage()).tools, 'Bash', 'mcp__chat__send_file'];
    expect(tools.map(({ name }) => name).sort()).toEqual(expected.sort());
  });

  it('does not learn who else has a session', () => {
    expect(results.get('who else has a session')).not.toContain(stage.ground().neighbourId);
  });

  it('reaches no service on this machine', () => {
    expect(stage.visits).toEqual([]);
  });

  it('changes nothing outside of its session', async () => {
    expect(await surroundings(stage.ground())).toEqual(before);
    expect(stage.server().exitCode).toBeNull();
  });

  it('makes no archive that unpacks elsewhere than where it is unpacked', async () => {
    const { serverUrl, ownId } = stage.ground();
    const headers = { Authorization: `Bearer ${stage.secrets['service token']}` };
    const response = await fetch(`${serverUrl}/session/${ownId}/export`, { headers });
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'omnicloud-export-')));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const input = Buffer.from(await response.arrayBuffer());
    const names = spawnSync('tar', ['-tzf', '-'], { input, maxBuffer: 1 << 26 }).stdout.toString();
    expect(names.split('\n').filter((name) => /^\/|(^|\/)\.\.(\/|$)/.test(name))).toEqual([]);
    expect(spawnSync('tar', ['-xzf', '-', '-C', folder], { input }).status).toBe(0);
    const paths = await readdir(folder, { recursive: true });
    expect(paths.length).toBeGreaterThan(100);
    const reached = await Promise.all(paths.map((path) => realpath(join(folder, path)).catch(() => folder)));
    expect(reached.filter((path) => path !== folder && !path.startsWith(`${folder}/`))).toEqual([]);
  });

  it('leaves no process behind', () => {
    const alive = readdirSync('/proc').filter(
      (name) => /^\d+$/.test(name) && commandOf(name).includes('redteam-survivor'),
    );
    expect(alive).toEqual([]);
  });

  it('left what it meant to leave: the late attacks took place', () => {
    expect(cameLate()).toBe(true);
  });

  it('has no heirs: once the shell is off, nothing that it left is run or read', async () => {
    await stage.restart({ shell: 'off' });
    await stage.turn([
      { name: 'Read', input: { file_path: 'sub/seen.txt' } },
      { name: 'Skill', input: { skill: 'evil-user' } },
      { name: 'Skill', input: { skill: 'evil' } },
      { name: 'Skill', input: { skill: 'security-review' } },
      { name: 'Agent', input: { description: 'x', prompt: 'x', isolation: 'worktree' } },
      { name: 'Read', input: { file_path: 'public/secret.json' } },
      { name: 'Grep', input: { pattern: 'planted-', output_mode: 'content' } },
    ]);
    expect(await surroundings(stage.ground())).toEqual(before);
    expect(findSecrets(stage.shown(), stage.secrets)).toEqual([]);
  });
});

function cameLate(): boolean {
  const { dataDir, ownId } = stage.ground();
  const workspace = readdirSync(`${dataDir}/work/${ownId}/workspace`);
  return LATE_MARKS.every((mark) => workspace.includes(mark));
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    // It has just ended.
    return '';
  }
}
