import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { temporaryDirectory } from '../../session/temporary-directory.fixture.ts';
import { NamespaceIsolation } from './namespace-isolation.ts';
import { probeIsolation } from './probe-isolation.ts';

const isAvailable = (await probeIsolation()) !== undefined;
const isRequired = process.env.CI === 'true' && process.platform === 'linux';

beforeAll(() => {
  if (isRequired) expect(isAvailable, 'namespaces must be available in CI').toBe(true);
});

/** Two sessions side by side; the script runs in the first one's sandbox. */
async function sandbox(): Promise<{
  root: string;
  workspace: string;
  run: (script: string, loopbackPort?: number) => Promise<{ code: unknown; output: string }>;
}> {
  const root = await temporaryDirectory();
  const workspace = join(root, 'one', 'workspace');
  const temporary = join(root, 'one', 'tmp');
  for (const folder of [workspace, temporary, join(root, 'two')]) await mkdir(folder, { recursive: true });
  await writeFile(join(root, 'two', 'secret'), 'planted');
  return {
    root,
    workspace,
    run: async (script, loopbackPort) => {
      const place = { writable: [workspace], readable: [], temporary, loopbackPort };
      const cell = await new NamespaceIsolation().open(place);
      const env = { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: workspace };
      const wrapped = cell.wrap({ command: '/bin/sh', args: ['-c', script], cwd: workspace, env });
      const child = spawn(wrapped.command, wrapped.args, {
        cwd: wrapped.cwd,
        env: wrapped.env,
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      onTestFinished(() => void child.kill('SIGKILL'));
      const exit = once(child, 'exit');
      const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
      const [code] = (await exit) as unknown[];
      await cell.close();
      return { code, output: stdout + stderr };
    },
  };
}

const FETCH = (port: number): string =>
  `node -e "fetch('http://127.0.0.1:${port}').then((r) => r.text()).then(console.log, () => console.log('refused'))"`;

async function greeter(): Promise<number> {
  const server = createServer((_, response) => response.end('hello from outside'));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

describe.skipIf(!isAvailable)('a run in namespaces of its own (needs unshare and user namespaces)', () => {
  it('reads and writes its workspace, and what it wrote is there outside', async () => {
    const { run, workspace } = await sandbox();
    expect(await run('echo made > file && cat file')).toEqual({ code: 0, output: 'made\n' });
    expect(await readFile(join(workspace, 'file'), 'utf8')).toBe('made\n');
  });

  it('sees neither the files of another session nor the server among the processes', async () => {
    const { run, root } = await sandbox();
    const { output } = await run(`cat ${root}/two/secret; cat /proc/${process.pid}/environ; ls ${root}`);
    expect(output).not.toContain('planted');
    expect(output).toContain(`/proc/${process.pid}/environ`);
    expect(output).toMatch(/^one$/m);
    expect(output).not.toMatch(/^two$/m);
  });

  it('cannot undo it: no mount, no umount, no write into the system, no capability', async () => {
    const { run } = await sandbox();
    const { output } = await run(
      'for try in "mount -t tmpfs none /tmp" "umount /usr" "umount /proc" "touch /usr/x" "touch /x" "nsenter -t 1 -m true"; do $try 2>/dev/null && echo "done: $try"; done; grep -E "CapEff|NoNewPrivs" /proc/self/status',
    );
    expect(output).not.toContain('done:');
    expect(output).toMatch(/CapEff:\s+0+\n/);
    expect(output).toMatch(/NoNewPrivs:\s+1/);
  });

  it('reaches no server on loopback but the one port it is given', async () => {
    const [given, other] = await Promise.all([greeter(), greeter()]);
    const { run } = await sandbox();
    expect((await run(FETCH(given), given)).output).toBe('hello from outside\n');
    expect((await run(FETCH(other), given)).output).toBe('refused\n');
  });

  it('hands on the exit code', async () => {
    const { run } = await sandbox();
    expect((await run('exit 7')).code).toBe(7);
  });

  it('ends with its wrapper, what escaped from its process group too', async () => {
    const { run, workspace } = await sandbox();
    const { code } = await run('setsid sh -c "sleep 1; touch late" & exit 3');
    expect(code).toBe(3);
    // `run` resolves when the output is closed, which the escaped process held open as long as it lived.
    expect(existsSync(join(workspace, 'late'))).toBe(false);
  });
});
