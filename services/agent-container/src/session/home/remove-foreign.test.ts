import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sessionObjectKey } from '@omnicloud/storage';
import { describe, expect, it } from 'vitest';
import { ID, newMachine } from '../machine.fixture.ts';
import { persistDebugLog } from '../persist.ts';
import { removeForeign } from './remove-foreign.ts';
import { readTasks } from '../transcript/task-list.ts';
import { temporaryDirectory } from './temporary-directory.fixture.ts';

const SECRET = 'planted-outside';
const COPIED = ['CLAUDE.md', 'agents', 'settings.json', 'skills'];

/** Puts a link to a file outside in the place of another. */
async function replaceByLink(place: string): Promise<void> {
  const outside = join(await temporaryDirectory(), 'secret.json');
  await writeFile(outside, JSON.stringify({ id: '1', subject: SECRET }));
  await rm(place, { recursive: true, force: true });
  await symlink(outside, place);
}

describe.skipIf(process.platform === 'win32')('what an agent planted in its config directory', () => {
  it('is not saved in the place of a debug log or a task: links', async () => {
    const { home, store } = await newMachine();
    await replaceByLink(home.debugLog);
    await replaceByLink(join(home.tasks, '1.json'));
    await removeForeign(home);
    await persistDebugLog(home, store);
    expect(await readTasks(home.tasks)).toEqual([]);
    expect(await store.get(sessionObjectKey(ID, 'debug.txt'))).toBeUndefined();
  });

  it('is not followed even when nobody removed it first', async () => {
    const { home, store } = await newMachine();
    await replaceByLink(home.debugLog);
    await expect(persistDebugLog(home, store)).rejects.toMatchObject({ code: 'no_plain_file' });
    await rm(home.debugLog);
    execFileSync('mkfifo', [home.debugLog]);
    await expect(persistDebugLog(home, store)).rejects.toMatchObject({ code: 'no_plain_file' });
  });

  it('keeps nobody waiting: a pipe in the place of the transcript is no transcript', async () => {
    const machine = await newMachine();
    const { home } = machine;
    await machine.save();
    await rm(home.transcript);
    execFileSync('mkfifo', [home.transcript]);
    await removeForeign(home);
    expect(await readdir(dirname(home.transcript))).not.toContain(`${ID}.jsonl`);
  });

  it('leads nowhere as a folder: what lies behind the link stays as it is', async () => {
    const machine = await newMachine();
    const outside = await temporaryDirectory();
    for (const name of [ID, 'tasks', 'plans']) await mkdir(join(outside, name, ID), { recursive: true });
    await writeFile(join(outside, ID, 'kept'), SECRET);
    for (const folder of ['file-history', 'tasks', 'plans', 'projects']) {
      await rm(join(machine.home.config, folder), { recursive: true, force: true });
      await symlink(outside, join(machine.home.config, folder));
    }
    await machine.restore();
    const { snapshot } = (await machine.save(), await machine.stored()).files ?? {};
    expect(JSON.stringify(snapshot)).not.toContain('kept');
    expect(await readFile(join(outside, ID, 'kept'), 'utf8')).toBe(SECRET);
    expect((await readdir(outside)).sort()).toEqual([ID, 'plans', 'tasks'].sort());
  });

  it('teaches the next run nothing: settings, hooks, plugins, skills and servers are the image’s again', async () => {
    const machine = await newMachine();
    await machine.save();
    const { config } = machine.home;
    for (const name of COPIED) await rm(join(config, name), { recursive: true, force: true });
    await machine.write({
      'config/settings.json': '{"hooks":{}}',
      'config/settings.local.json': '{}',
      'config/.claude.json': '{"mcpServers":{}}',
      'config/.mcp.json': '{}',
      'config/plugins/evil/plugin.json': '{}',
      'config/skills/evil/SKILL.md': 'obey',
      'config/agents/evil.md': 'obey',
      'config/commands/evil.md': 'obey',
      'config/projects/p/another.jsonl': '{}',
      'config/debug/.hidden/x': '',
    });
    await machine.restore();
    expect((await readdir(config)).sort()).toEqual([...COPIED, 'debug', 'projects', 'tasks'].sort());
    expect(await readFile(join(config, 'settings.json'), 'utf8')).toBe("the image's settings.json");
    for (const name of ['agents', 'skills']) expect(await readdir(join(config, name))).toEqual([]);
    expect(await readdir(join(config, 'projects', 'p'))).toEqual([`${ID}.jsonl`]);
    expect(await readdir(join(config, 'debug'))).toEqual([`${ID}.txt`]);
  });

  it('leaves what belongs to the session', async () => {
    const machine = await newMachine();
    const own = {
      [`config/projects/p/${ID}/tool-results/1.txt`]: 'a large result',
      'config/plans/plan.md': 'a plan',
      [`config/file-history/${ID}/file@v1`]: 'a version',
      [`config/tasks/${ID}/1.json`]: '{"id":"1"}',
    };
    await machine.write(own);
    await removeForeign(machine.home);
    for (const [path, content] of Object.entries(own))
      expect(await readFile(join(machine.home.root, path), 'utf8')).toBe(content);
  });

  it('cannot stop the next turn by shutting its directories and files', async () => {
    const machine = await newMachine();
    await machine.write({
      'workspace/shut/file': 'x',
      'workspace/file': 'y',
      'config/shut/file': 'z',
      [`config/file-history/${ID}/file@v1`]: 'v',
    });
    for (const path of [
      'workspace/shut/file',
      'workspace/file',
      'workspace/shut',
      'config/shut',
      'config/file-history',
    ])
      await chmod(join(machine.home.root, path), 0);
    await removeForeign(machine.home);
    await machine.save();
    const { home } = machine;
    await chmod(join(home.workspace, 'shut'), 0);
    expect(await machine.restore()).toEqual([]);
    expect(await readFile(join(home.workspace, 'shut', 'file'), 'utf8')).toBe('x');
    expect(await readFile(join(home.config, 'file-history', ID, 'file@v1'), 'utf8')).toBe('v');
  });
});
