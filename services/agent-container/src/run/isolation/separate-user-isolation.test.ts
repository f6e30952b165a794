import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { lstat } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { processesOf } from './prove-ended.ts';
import { SeparateUserIsolation } from './separate-user-isolation.ts';
import { ESCAPE, openSandbox, processesWith } from './sandbox.fixture.ts';

const isRoot = process.platform === 'linux' && process.getuid?.() === 0;

describe.skipIf(!isRoot)('a run as a user of its own (needs to be root on Linux)', () => {
  it('writes its workspace, as nobody that anything else belongs to', async () => {
    const { run, workspace } = await openSandbox(new SeparateUserIsolation());
    expect(await run('echo made > file && cat file')).toEqual({ code: 0, output: 'made\n' });
    expect((await lstat(join(workspace, 'file'))).uid).toBeGreaterThan(60_000);
  });

  it('reads neither another session nor the server’s environment and memory', async () => {
    const { run, root } = await openSandbox(new SeparateUserIsolation());
    const script =
      'cat "$1/two/secret"; ls "$1"; for f in environ mem maps; do ( : </proc/$2/$f ) && echo "open: $f"; done; ls /proc/$2/fd';
    const { output } = await run(script, root, String(process.pid));
    expect(output).not.toMatch(/planted|^two$|open:|^0$/m);
  });

  it('has no right that root has, and kills nothing of the server’s', async () => {
    const { run } = await openSandbox(new SeparateUserIsolation());
    const { output } = await run(
      'kill -9 "$1"; touch /usr/x && echo touched; grep -E "Cap(Eff|Bnd)|NoNewPrivs" /proc/self/status',
      String(process.pid),
    );
    expect(output).not.toContain('touched');
    expect(output).toMatch(/CapEff:\s+0+\n/);
    expect(output).toMatch(/CapBnd:\s+0+\n/);
    expect(output).toMatch(/NoNewPrivs:\s+1/);
  });

  it('has another user than a run beside it', async () => {
    const isolation = new SeparateUserIsolation();
    const [one, two] = [await openSandbox(isolation), await openSandbox(isolation)];
    expect((await one.run('id -u')).output).not.toBe((await two.run('id -u')).output);
    expect((await one.run('ls "$1"', two.workspace)).code).not.toBe(0);
  });

  it('has no user whose processes are there, which may be of a run of another server on this machine', async () => {
    const userOf = async ({
      run,
    }: {
      run: (script: string) => Promise<{ output: string }>;
    }): Promise<number> => Number((await run('id -u')).output);
    const last = await userOf(await openSandbox(new SeparateUserIsolation()));
    // Users are given in turn, and the first comes after the last.
    const next = last === 61_105 ? 60_706 : last + 1;
    const id = String(next);
    const other = spawn('setpriv', ['--reuid', id, '--regid', id, '--clear-groups', 'sleep', '60']);
    onTestFinished(() => void other.kill('SIGKILL'));
    await expect.poll(async () => (await processesOf(next)).length).toBe(1);
    expect(await userOf(await openSandbox(new SeparateUserIsolation()))).not.toBe(next);
    expect(await processesOf(next)).toHaveLength(1);
  });

  it('leaves nothing running when it was ended, and its home is shut', async () => {
    const mark = `mark-${randomUUID()}`;
    const { confinement, root, start } = await openSandbox(new SeparateUserIsolation());
    const child = start(ESCAPE, mark);
    if (child.stdout) await once(child.stdout, 'data');
    const exit = once(child, 'exit');
    await confinement.kill(child.pid ?? 0);
    await exit;
    await confinement.close();
    expect(await processesWith(mark)).toEqual([]);
    expect((await lstat(join(root, 'one'))).mode & 0o777).toBe(0o700);
  });

  it('is ended also when the system starts no further process, which may be its own doing', async () => {
    const mark = `mark-${randomUUID()}`;
    const { confinement, start } = await openSandbox(new SeparateUserIsolation());
    const child = start(ESCAPE, mark);
    if (child.stdout) await once(child.stdout, 'data');
    const exit = once(child, 'exit');
    refuseProcesses(child);
    await confinement.kill(child.pid ?? 0);
    await exit;
    await confinement.close();
    expect(await processesWith(mark)).toEqual([]);
  });
});

/** From now on until the test ends, what Node asks the system for a process with gives EAGAIN. */
function refuseProcesses(child: ChildProcess): void {
  const { _handle: handle } = child as unknown as { readonly _handle: object };
  const ofAll = Object.getPrototypeOf(handle) as { spawn: (options: unknown) => number };
  const { spawn } = ofAll;
  ofAll.spawn = () => -constants.errno.EAGAIN;
  onTestFinished(() => {
    ofAll.spawn = spawn;
  });
}
