import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { chmod, chown, copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../session/temporary-directory.fixture.ts';
import { installedCli } from './closed-program.ts';

/** The server's user here; nothing else may run as it, because a run's end kills all that is new of it. */
const SERVER_ID = 61_744;
const isRoot = process.platform === 'linux' && process.getuid?.() === 0;

const importOf = (file: string): string => JSON.stringify(new URL(file, import.meta.url).href);

/** Runs a server as an ordinary user of its own. */
async function serve(
  program: (folder: string) => string,
  node: 'readable' | 'unreadable',
  cli: { mode: number; owner: number } = { mode: 0o711, owner: 0 },
): Promise<string> {
  const folder = await temporaryDirectory();
  await chmod(folder, 0o777);
  // As in the image: the programs' folder is root's.
  await mkdir(join(folder, 'programs'));
  const placed = join(folder, 'programs', 'claude');
  await copyFile(installedCli(), placed, constants.COPYFILE_FICLONE);
  await chown(placed, cli.owner, cli.owner);
  await chmod(placed, cli.mode);
  const copy = join(folder, 'node');
  await copyFile(process.execPath, copy);
  await chmod(copy, node === 'readable' ? 0o755 : 0o711);
  const identity = ['--reuid', String(SERVER_ID), '--regid', String(SERVER_ID), '--clear-groups'];
  const child = spawn(
    'setpriv',
    // setpriv still has root's rights when it starts a program, by which that one counts as readable.
    [
      ...identity,
      '--',
      'sh',
      '-c',
      'exec "$@"',
      'sh',
      copy,
      '--input-type=module',
      '--eval',
      program(folder),
    ],
    { env: { PATH: process.env.PATH, HOME: folder }, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [said] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return said.trim();
}

const probed = (folder: string): string => `
  import { SameUserIsolation } from ${importOf('same-user-isolation.ts')};
  import { probe } from ${importOf('probe-isolation.ts')};
  console.log(await probe(new SameUserIsolation(), { workRoot: '${folder}/work', hidden: [], cli: '${folder}/programs/claude' }));`;

describe.skipIf(!isRoot)('a run as the server’s own user (set up by root on Linux)', () => {
  it('holds where the server’s program cannot be read', async () => {
    expect(await serve(probed, 'unreadable')).toBe('holds');
  });

  it('does not hold where it can: environment and memory are open then', async () => {
    expect(await serve(probed, 'readable')).toBe('leaks');
  });

  it.each([
    ['may be read: its descriptors are open then', { mode: 0o755, owner: 0 }],
    ['belongs to the run, which could open it for the next one', { mode: 0o111, owner: SERVER_ID }],
  ])('does not hold where the CLI %s', async (_, cli) => {
    expect(await serve(probed, 'unreadable', cli)).toBe('opens the CLI');
  });

  it('finds no home of another session, and leaves no process behind that left its group', async () => {
    const program = (folder: string): string => `
      import { spawn } from 'node:child_process';
      import { once } from 'node:events';
      import { mkdirSync, readdirSync } from 'node:fs';
      import { SameUserIsolation } from ${importOf('same-user-isolation.ts')};
      import { allProcesses } from ${importOf('../process-group.ts')};
      for (const name of ['one/workspace', 'one/tmp', 'two']) mkdirSync('${folder}/work/' + name, { recursive: true });
      const root = '${folder}/work/one';
      const isolation = new SameUserIsolation();
      const cell = await isolation.open({ root, writable: [], readable: [], temporary: root + '/tmp', loopbackPort: undefined });
      const script = "setsid sh -c 'while :; do sleep 0.05; done' & echo $!; while :; do sleep 1; done";
      const { command, args, cwd, env } = cell.wrap({ command: '/bin/sh', args: ['-c', script], cwd: root, env: { PATH: '/usr/bin:/bin' } });
      const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
      const [line] = await once(child.stdout, 'data');
      const exit = once(child, 'exit');
      await cell.kill(child.pid);
      await exit;
      const isAlive = async () => (await allProcesses()).some(({ pid }) => pid === Number(line));
      const before = await isAlive();
      await cell.close();
      while (await isAlive());
      console.log(JSON.stringify({ homes: readdirSync('${folder}/work'), escaped: before }));`;
    expect(JSON.parse(await serve(program, 'unreadable'))).toEqual({ homes: ['one'], escaped: true });
  });

  it('is refused beside another one', async () => {
    const program = (folder: string): string => `
      import { mkdirSync } from 'node:fs';
      import { SameUserIsolation } from ${importOf('same-user-isolation.ts')};
      const root = '${folder}/work/one';
      mkdirSync(root, { recursive: true });
      const place = { root, writable: [], readable: [], temporary: root, loopbackPort: undefined };
      const isolation = new SameUserIsolation();
      await isolation.open(place);
      console.log(await isolation.open(place).then(() => 'opened', () => 'refused'));`;
    expect(await serve(program, 'unreadable')).toBe('refused');
  });
});
