import { execFileSync } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sessionHome } from '../../session/home/session-home.ts';
import { temporaryDirectory } from '../../session/home/temporary-directory.fixture.ts';
import { type Bounds, boundsOf, judgeToolCall } from './confine-tools.ts';

const ID = '0190c8a4-0000-4000-8000-000000000001';
const OTHER_ID = '0190c8a4-0000-4000-8000-000000000002';

/**
 * Two sessions side by side, one of which is bound, an image folder, and `secret.txt` outside of everything.
 * The bound workspace has a file, a folder, and links that lead out of it.
 */
async function machine(isShellOn = false): Promise<{
  bounds: Bounds;
  root: string;
  workspace: string;
  image: string;
  toolResults: string;
  otherWorkspace: string;
}> {
  const root = await temporaryDirectory();
  const home = sessionHome(join(root, 'work'), ID);
  const other = sessionHome(join(root, 'work'), OTHER_ID);
  const image = join(root, 'image');
  const folders = [
    join(home.workspace, 'folder'),
    home.transcriptFolder,
    other.workspace,
    join(image, 'skills'),
  ];
  // A neighbour whose path begins with the workspace's own.
  folders.push(`${home.workspace}x`, join(root, 'outside', 'deep'));
  for (const folder of folders) await mkdir(folder, { recursive: true });
  await writeFile(join(root, 'outside', 'secret.txt'), 'secret');
  await writeFile(join(home.workspace, 'inside.txt'), 'mine');
  const links = {
    'link.txt': join(root, 'outside', 'secret.txt'),
    'link-folder': join(root, 'outside', 'deep'),
    'link-nowhere': join(root, 'outside', 'not-there-yet.txt'),
    'link-loop': join(home.workspace, 'link-loop'),
    'link-inside': join(home.workspace, 'inside.txt'),
  };
  for (const [name, target] of Object.entries(links)) await symlink(target, join(home.workspace, name));
  return {
    bounds: await boundsOf(home, image, isShellOn),
    root,
    workspace: home.workspace,
    image,
    toolResults: home.transcriptFolder,
    otherWorkspace: other.workspace,
  };
}

const FILE_TOOLS = ['Read', 'Write', 'Edit'];

describe('a file tool', () => {
  it.each([
    'inside.txt',
    './inside.txt',
    'folder/../inside.txt',
    'new.txt',
    'new/folder/new.txt',
    'link-inside',
    'a..b.txt',
    '...',
    '',
  ])('may use %j in the workspace, there already or not', async (path) => {
    const { bounds, workspace } = await machine();
    for (const tool of FILE_TOOLS) {
      expect(await judgeToolCall(tool, { file_path: path }, bounds)).toEqual({ allow: true });
      expect(await judgeToolCall(tool, { file_path: join(workspace, path) }, bounds)).toEqual({
        allow: true,
      });
    }
  });

  it.each([
    ['the root', '/'],
    ['a file of the system', '/etc/passwd'],
    ['the session’s own home around the workspace', '..'],
    ['a path that climbs out', '../../secret.txt'],
    ['a path that climbs out from a folder', 'folder/../../config/settings.json'],
    ['a path that climbs out from a folder that is not there', 'nowhere/../../config/settings.json'],
    ['the user’s home', '~'],
    ['a file in the user’s home', '~/.aws/credentials'],
    ['another user’s home', '~root/.bashrc'],
    ['a link to a file outside', 'link.txt'],
    ['a link to a folder outside', 'link-folder'],
    ['a file behind a link', 'link-folder/file.txt'],
    ['a folder that is not there yet behind a link', 'link-folder/new/file.txt'],
    ['a way back from behind a link', 'link-folder/../secret.txt'],
    ['a link whose target is not there yet', 'link-nowhere'],
    ['a link in a circle', 'link-loop'],
    ['a path through a file', 'inside.txt/child'],
    ['a name that no file system takes', 'a'.repeat(300)],
    ['a path cut by a NUL', 'inside.txt\0.png'],
  ])('is denied %s', async (_, path) => {
    const { bounds } = await machine();
    for (const tool of FILE_TOOLS) {
      expect(await judgeToolCall(tool, { file_path: path }, bounds)).toMatchObject({ allow: false });
    }
  });

  it('is denied a neighbour whose path only begins like the workspace’s', async () => {
    const { bounds, workspace } = await machine();
    for (const path of [`${workspace}x`, `${workspace}x/file.txt`, '../workspacex/file.txt']) {
      expect(await judgeToolCall('Read', { file_path: path }, bounds)).toMatchObject({ allow: false });
    }
  });

  it('is denied everything of another session', async () => {
    const { bounds, otherWorkspace, root } = await machine();
    const paths = [otherWorkspace, join(otherWorkspace, 'a.txt'), join(root, 'work', OTHER_ID, 'config')];
    for (const path of [...paths, `../../../${OTHER_ID}/workspace/a.txt`]) {
      expect(await judgeToolCall('Read', { file_path: path }, bounds)).toMatchObject({ allow: false });
    }
  });

  it('may read the image’s folder and the session’s stored tool results, but not write there', async () => {
    const { bounds, image, toolResults } = await machine();
    for (const path of [join(image, 'skills', 'SKILL.md'), join(toolResults, 'tool-results', '1.txt')]) {
      expect(await judgeToolCall('Read', { file_path: path }, bounds)).toEqual({ allow: true });
      expect(await judgeToolCall('Write', { file_path: path }, bounds)).toMatchObject({ allow: false });
      expect(await judgeToolCall('Edit', { file_path: path }, bounds)).toMatchObject({ allow: false });
    }
  });

  it.each([undefined, null, 'inside.txt', {}, { file_path: 7 }, { path: 'inside.txt' }, []])(
    'is denied an input like %j, which it does not understand',
    async (input) => {
      const { bounds } = await machine();
      for (const tool of FILE_TOOLS) {
        expect(await judgeToolCall(tool, input, bounds)).toMatchObject({ allow: false });
      }
    },
  );

  it.skipIf(process.platform === 'win32')('does not wait for a pipe, by whatever name', async () => {
    const { bounds, workspace } = await machine();
    execFileSync('mkfifo', [join(workspace, 'pipe')]);
    await symlink('pipe', join(workspace, 'link-pipe'));
    for (const path of ['pipe', 'link-pipe'])
      for (const tool of FILE_TOOLS)
        expect(await judgeToolCall(tool, { file_path: path }, bounds)).toMatchObject({ allow: false });
  });

  it.skipIf(process.platform !== 'linux')('sees nothing of any process', async () => {
    const { bounds } = await machine();
    for (const path of ['/proc/self/environ', '/proc/1/mem', '/dev/stdin', '/proc/self/cwd/inside.txt'])
      expect(await judgeToolCall('Read', { file_path: path }, bounds)).toMatchObject({ allow: false });
  });

  it('does not learn from the reason what there is outside', async () => {
    const { bounds, root } = await machine();
    const [there, missing] = await Promise.all(
      ['secret.txt', 'missing.txt'].map(async (name) => {
        const path = join(root, 'outside', name, 'x');
        return JSON.stringify(await judgeToolCall('Read', { file_path: path }, bounds)).replace(name, '');
      }),
    );
    expect(there).toBe(missing);
  });

  it('is told by a reason which path was wrong', async () => {
    const { bounds } = await machine();
    const verdict = await judgeToolCall('Read', { file_path: '/etc/passwd' }, bounds);
    expect(verdict).toMatchObject({ reason: expect.stringContaining('/etc/passwd') as unknown });
  });
});

describe('a search', () => {
  it.each([
    ['Glob', { pattern: '**/*.{ts,md}' }],
    ['Glob', { pattern: '*.md', path: 'folder' }],
    ['Grep', { pattern: 'a{2,3}/../etc', glob: '*.ts' }],
    ['Grep', { pattern: '/etc/passwd' }],
  ])('by %s %j within the workspace is allowed', async (tool, input) => {
    const { bounds } = await machine();
    expect(await judgeToolCall(tool, input, bounds)).toEqual({ allow: true });
  });

  it.each([
    '/etc/*',
    '../*',
    '**/../../*',
    '{a,../b}/*',
    '{../../outside,folder}/*',
    '{/etc,folder}/*',
    '{folder,/etc}/*',
    '{a,{b,/etc}}/*',
    '{~/x,folder}/*',
    '~/*',
  ])('with the pattern %j that may lead out is denied', async (pattern) => {
    const { bounds } = await machine();
    expect(await judgeToolCall('Glob', { pattern }, bounds)).toMatchObject({ allow: false });
    expect(await judgeToolCall('Grep', { pattern: 'x', glob: pattern }, bounds)).toMatchObject({
      allow: false,
    });
  });

  it.each(['/', '..', '~', 'link-folder', 'link-folder/deeper', '/etc'])(
    'that begins at %j, outside, is denied',
    async (path) => {
      const { bounds } = await machine();
      expect(await judgeToolCall('Glob', { pattern: '*', path }, bounds)).toMatchObject({ allow: false });
      expect(await judgeToolCall('Grep', { pattern: 'x', path }, bounds)).toMatchObject({ allow: false });
    },
  );

  it.each([undefined, null, 7, {}, { pattern: 7 }, { pattern: '*', path: ['/etc'] }])(
    'with an input like %j is denied',
    async (input) => {
      const { bounds } = await machine();
      expect(await judgeToolCall('Glob', input, bounds)).toMatchObject({ allow: false });
    },
  );
});

describe('any other tool', () => {
  it.each(['Skill', 'TaskCreate', 'TaskGet', 'TaskList', 'TaskUpdate', 'mcp__weather__forecast'])(
    '%s touches no file and is allowed',
    async (tool) => {
      expect(await judgeToolCall(tool, {}, (await machine()).bounds)).toEqual({ allow: true });
    },
  );

  it.each(['WebFetch', 'NotebookEdit', 'BashOutput', 'bash', 'read', '', '__proto__', 'Mcp__x__y'])(
    '%j is not known and denied',
    async (tool) => {
      expect(
        await judgeToolCall(tool, { file_path: 'inside.txt' }, (await machine(true)).bounds),
      ).toMatchObject({
        allow: false,
      });
    },
  );

  it('Agent is allowed to work where its parent does, and nowhere else', async () => {
    const { bounds } = await machine();
    const asked = { description: 'Look', prompt: 'Look around', subagent_type: 'general-purpose' };
    expect(await judgeToolCall('Agent', { ...asked, model: 'haiku' }, bounds)).toEqual({ allow: true });
    for (const more of [
      { isolation: 'worktree' },
      { isolation: 'remote' },
      { cwd: '/' },
      { mode: 'bypassPermissions' },
    ])
      expect(await judgeToolCall('Agent', { ...asked, ...more }, bounds)).toMatchObject({ allow: false });
  });

  it('Bash is allowed only where the shell was turned on', async () => {
    const call = { command: 'ls' };
    expect(await judgeToolCall('Bash', call, (await machine(true)).bounds)).toEqual({ allow: true });
    expect(await judgeToolCall('Bash', call, (await machine(false)).bounds)).toMatchObject({
      allow: false,
      reason: expect.stringContaining('AGENT_SHELL') as unknown,
    });
  });
});
